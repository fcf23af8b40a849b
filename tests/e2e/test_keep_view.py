"""Backups in a real browser: made, downloaded, restored while the server goes on; a text deleted on request."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect
from real_lab import running_lab

from lab.messages import Message
from lab.store import events, open_store, versions
from lab.types import Decision, Layer, Timings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECRET = "maria.huber@example.org"


def record(store, event_id):
    """Store an event beside the lab, as another process does."""
    decision = Decision(f"Write to {SECRET}", "zoomer", Layer.FALLBACK, None, None, (), Timings())
    events.record(
        store, event_id, source="cli", conversation=[Message("user", decision.prompt)], decision=decision,
        router_version_id=versions.live(store).id, encoder_fingerprint="x",
    )  # fmt: skip


def count(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT count(*) FROM routing_event").fetchone()[0]


def test_a_backup_is_made_downloaded_and_restored_and_a_text_deleted_without_a_new_server(page, data):
    with running_lab(data) as address, closing(open_store(data_dir=data)) as other:
        page.goto(f"{address}/label")
        page.get_by_label("Your name").fill("Ann")
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("tab", name="Keep").click()
        record(other, "before")
        page.get_by_role("button", name="Back up now").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download", exact=True).click()
        assert count(download.value.path()) == 1
        record(other, "since")
        page.get_by_text("Restore this backup").click()
        expect(page.get_by_text("It takes away what came after it: 1 event")).to_be_visible()
        page.get_by_text("Put it in the place of the present database").click()
        page.get_by_role("button", name="Restore", exact=True).click()
        expect(page.get_by_text("What was there before is").first).to_be_visible()
        assert [event.id for event in events.recent(other)] == ["before"]
        expect(page.get_by_text("annotator Ann").first).to_be_visible()  # the person came back with the backup

        page.get_by_label("What to look for").fill(SECRET.upper())
        page.get_by_role("button", name="Look for it").click()
        page.get_by_text("This cannot be undone, and I want it").click()
        page.get_by_role("button", name="Delete it everywhere").click()
        expect(page.get_by_text("Deleted: 1 event. The record of it says").first).to_be_visible()
        expect(page.get_by_text("2 backups from before may still hold it")).to_be_visible()
        page.get_by_role("button", name="Delete these 2").click()
        expect(page.get_by_text("There is no backup yet.")).to_be_visible()
    for path in (*data.rglob("*"), data / "cache" / "vectors.sqlite"):  # the cache is a link, which rglob leaves out
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    assert [one for one in page.troubles if "404 (Not Found)" not in one] == []
