"""Snapshots, their rows, and the sides of prompts."""

import sqlalchemy as sa
from alembic import op

from lab.store.migrations.columns import big, flag, integer, json, keys, number, only_one, text, time

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "snapshot",
        *keys("snapshot"),
        text("name"),
        text("name_key"),
        text("family"),
        json("spec"),
        json("report"),
        text("spec_hash"),
        text("content_hash", nullable=True),
        integer("rows"),
        integer("liked"),
        json("files"),
        text("state"),
        integer("gone"),
        big("deletions"),
        time("created_at"),
        time("frozen_at", nullable=True),
        time("deleted_at", nullable=True),
        sqlite_autoincrement=True,
    )
    only_one("uq_snapshot_name", "snapshot", ["name_key"], "deleted_at IS NULL")
    _rows()
    _sides()


def _rows() -> None:
    op.create_table(
        "snapshot_row",
        *keys("snapshot_row", snapshot_id="snapshot", duel_id="duel", chosen_id="response", rejected_id="response"),
        text("snapshot_id"),
        integer("place"),
        text("duel_id", nullable=True),
        text("chosen_id", nullable=True),
        text("rejected_id", nullable=True),
        text("split"),
        integer("emits"),
        integer("votes"),
        integer("agreeing"),
        number("strength", nullable=True),
        flag("adjudicated"),
        json("vote_ids"),
        text("row_hash"),
        flag("gone"),
        sa.UniqueConstraint("snapshot_id", "place", name=op.f("uq_snapshot_row_snapshot_id_place")),
        sqlite_autoincrement=True,
    )
    for column in ("duel_id", "chosen_id", "rejected_id"):
        op.create_index(op.f(f"ix_snapshot_row_{column}"), "snapshot_row", [column])


def _sides() -> None:
    op.create_table(
        "prompt_side",
        *keys("prompt_side", conversation_id="conversation", snapshot_id="snapshot"),
        text("family"),
        text("conversation_id"),
        text("side"),
        text("snapshot_id"),
        time("created_at"),
        sa.UniqueConstraint("family", "conversation_id", name=op.f("uq_prompt_side_family_conversation_id")),
        sqlite_autoincrement=True,
    )
    for columns in (["family", "seq"], ["conversation_id"], ["snapshot_id"]):
        op.create_index(op.f(f"ix_prompt_side_{'_'.join(columns)}"), "prompt_side", columns)
