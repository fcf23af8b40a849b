"""Backups as the page shows them: made, taken in, looked at, put back, and the lab opened anew without a new server."""

from __future__ import annotations

import threading

import pytest
from postgres_server import database
from streamlit.testing.v1 import AppTest

from lab.store import backup, events, open_store
from lab.ui import resources
from lab.ui.judge import keeping

SCRIPT = """
from lab.ui import frame
from lab.ui.judge import erasing, keeping

frame.draw()
keeping.draw()
erasing.draw()
"""


@pytest.fixture
def page(app):
    """The view on its own, in the frame; `app` brings the data folder and closes the lab."""
    return AppTest.from_string(SCRIPT, default_timeout=app.default_timeout).run()


def shown(page):
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.toast]
    return "\n".join(element.value for element in elements).replace("\\", "").replace("\u2060", "")


def button(page, label):
    return next(one for one in page.button if one.label == label)


def press(page, label):
    button(page, label).click().run()
    assert not page.exception
    return page


def send(prompt):
    resources.lab().exchange.route(prompt, source="page")


def stored():
    return sorted(event.decision.prompt for event in events.recent(resources.lab().store))


def backups():
    return backup.listed(resources.lab().store.address)


def open_restore(page):
    """Open the part that is closed at first."""
    name = page.selectbox(key="keep_backup").value
    page.session_state[f"restore-{name}"] = True
    return page.run()


def restore(page):
    name = page.selectbox(key="keep_backup").value
    page.checkbox(key=f"sure-{name}").check().run()
    return press(page, "Restore")


def test_a_first_visit_says_that_there_is_no_backup_and_offers_one(page):
    assert "There is no backup yet." in shown(page)
    send("before")
    press(page, "Back up now")
    assert "Backed up: 1 event" in shown(page)
    [made] = backups()
    table = page.dataframe[0].value
    assert table["backup"].tolist() == [made.path.name]
    assert table["events"].tolist() == [1]
    assert page.selectbox(key="keep_backup").value == made.path.name
    assert [one.label for one in page.get("download_button")] == ["CSV", "Download"]


def test_a_press_that_comes_twice_makes_one_backup(page):
    twice = "from lab.ui.judge import keeping\n\nfor _ in range(2):\n    keeping._back_up('one press')\n"
    AppTest.from_string(twice, default_timeout=60).run()
    assert len(backups()) == 1


def test_restoring_says_what_is_lost_and_brings_back_what_was_there(page):
    send("before")
    press(page, "Back up now")
    made = backups()[0].path.name
    send("since")
    opened = resources.lab()
    open_restore(page)
    said = shown(page)
    assert "It is whole and holds 1 event" in said
    assert "It takes away what came after it: 1 event." in said
    assert "The present database is kept as a backup" in said
    assert button(page, "Restore").disabled
    restore(page)
    assert f"Restored {made}" in shown(page)
    assert stored() == ["before"]
    assert resources.lab() is not opened
    kept = page.selectbox(key="keep_backup").value
    assert kept.endswith("-before-restore.db")
    assert kept != made
    send("after")  # the lab that was opened anew answers and stores
    assert stored() == ["after", "before"]
    open_restore(page)
    restore(page)
    assert stored() == ["before", "since"]


def test_jobs_are_stopped_before_another_database_comes(page):
    press(page, "Back up now")
    lab, stopped = resources.lab(), threading.Event()
    begun = threading.Event()

    def work(job):
        begun.set()
        job.cancelled.wait(30)
        stopped.set()

    lab.jobs.start("slow", "Something slow", work)
    assert begun.wait(30)
    page.run()
    open_restore(page)
    assert "Stopped for it: 1 job that runs now." in shown(page)
    restore(page)
    assert stopped.is_set()
    assert "Restored" in shown(page)


def test_a_backup_that_cannot_be_restored_says_so_and_the_lab_goes_on(page):
    send("before")
    press(page, "Back up now")
    made = backups()[0].path
    made.write_bytes(made.read_bytes()[:8192])
    page.run()
    assert "cannot be restored" in page.dataframe[0].value["state"].tolist()
    assert "is no whole database" in shown(page)
    assert stored() == ["before"]


def test_a_restore_that_fails_leaves_the_lab_open(page, monkeypatch):
    from lab.errors import StoreError

    send("before")
    press(page, "Back up now")
    send("since")
    open_restore(page)

    def fails(*_):
        raise StoreError("The disk that holds it is full.")

    monkeypatch.setattr(keeping, "restore", fails)
    restore(page)
    assert "The disk that holds it is full." in shown(page)
    assert stored() == ["before", "since"]
    send("after")
    assert len(stored()) == 3


def test_what_waits_in_memory_is_stored_before_another_database_comes(page):
    press(page, "Back up now")
    written = []
    resources.lab().exchange.outbox._waiting.append(lambda: written.append("stored"))
    open_restore(page)
    restore(page)
    assert written == ["stored"]


def test_a_backup_from_elsewhere_is_taken_in(page, tmp_path):
    send("elsewhere")
    made = backup.backup(resources.lab().store, tmp_path / "mine.db")
    page.file_uploader[0].upload("mine.db", made.path.read_bytes(), "application/octet-stream")
    page.run()
    press(page, "Take it in")
    assert "Taken in: 1 event" in shown(page)
    assert page.selectbox(key="keep_backup").value.endswith("-uploaded.db")
    page.file_uploader[0].upload("bad.db", b"<script>alert(1)</script>", "application/octet-stream")
    page.run()
    press(page, "Take it in")
    assert "The file is no whole database" in shown(page)
    assert len(backups()) == 1


def test_a_backup_is_deleted(page):
    press(page, "Back up now")
    press(page, "Delete it")
    assert backups() == []
    assert "There is no backup yet." in shown(page)


def test_on_a_server_the_page_says_what_to_do(app, postgres, monkeypatch):
    with database(postgres) as url:
        monkeypatch.setenv("LAB_DATABASE_URL", url)
        page = AppTest.from_string(SCRIPT, default_timeout=app.default_timeout).run()
        assert "pg_dump --format=custom" in shown(page)
        assert not page.exception
        opened = resources.lab()
        opened.jobs.close()
        opened.store.close()
        open_store(url).close()


def test_who_looks_from_another_machine_cannot_take_the_database_away(page, monkeypatch):
    monkeypatch.setattr(keeping.access, "is_loopback", lambda address: False)
    monkeypatch.setattr(keeping.access, "gate", lambda key: None)
    page.run()
    assert "for whoever sits at the machine that the lab runs on" in shown(page)
    assert not {"Back up now", "Look for it"} & {one.label for one in page.button}
