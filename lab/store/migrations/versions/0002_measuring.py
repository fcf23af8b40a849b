"""Datasets, labels, looks at sealed rows, runs, drafts, adoptions and outcomes."""

from alembic import op

from lab.store.migrations.columns import integer, json, keys, number, only_one, text, time

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _datasets()
    _runs()
    _routers()


def _datasets() -> None:
    op.create_table(
        "dataset",
        *keys("dataset"),
        text("name"),
        text("content_hash"),
        integer("rows"),
        json("labels"),
        json("query_types"),
        json("sources"),
        integer("seed"),
        text("origin"),
        text("file_name"),
        time("created_at"),
        time("deleted_at", nullable=True),
        sqlite_autoincrement=True,
    )
    only_one("uq_dataset_content", "dataset", ["content_hash"], "deleted_at IS NULL")
    op.create_table(
        "label",
        *keys("label", dataset_id="dataset", event_id="routing_event"),
        text("dataset_id", nullable=True),
        integer("row", nullable=True),
        text("event_id", nullable=True),
        text("prompt"),
        text("expert", nullable=True),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_label_dataset_id_row_seq"), "label", ["dataset_id", "row", "seq"])
    op.create_index(op.f("ix_label_event_id_seq"), "label", ["event_id", "seq"])
    op.create_table(
        "outcome",
        *keys("outcome", dataset_id="dataset"),
        text("dataset_id"),
        integer("row"),
        text("expert"),
        number("quality"),
        text("source"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outcome_dataset_id_row"), "outcome", ["dataset_id", "row"])


def _runs() -> None:
    op.create_table(
        "sealed_look",
        *keys("sealed_look", dataset_id="dataset"),
        text("dataset_id"),
        text("dataset_hash"),
        text("router_hash"),
        text("why"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sealed_look_dataset_id_seq"), "sealed_look", ["dataset_id", "seq"])
    op.create_table(
        "run",
        *keys("run", dataset_id="dataset"),
        text("name"),
        text("dataset_id"),
        text("dataset_hash"),
        text("router_hash"),
        integer("seed"),
        json("spec"),
        json("result"),
        json("packages"),
        number("seconds"),
        time("created_at"),
        time("deleted_at", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_run_dataset_id_seq"), "run", ["dataset_id", "seq"])


def _routers() -> None:
    op.create_table(
        "router_draft",
        *keys("router_draft", base_version_id="router_version"),
        text("draft_id"),
        text("base_version_id"),
        json("config", nullable=True),
        text("edit"),
        text("state"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_router_draft_draft_id_seq"), "router_draft", ["draft_id", "seq"])
    op.create_table(
        "adoption",
        *keys("adoption", version_id="router_version", before_id="router_version"),
        text("version_id"),
        text("before_id", nullable=True),
        text("note"),
        json("evidence"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    # the version that is live went live at some time: the newest adoption is the live version from here on
    op.execute(
        "INSERT INTO adoption (id, version_id, before_id, note, evidence, created_at) "
        "SELECT 'first-' || id, id, NULL, '', '{}', created_at FROM router_version WHERE live"
    )
