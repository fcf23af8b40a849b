"""Datasets, labels, looks at sealed rows, runs, drafts, adoptions and outcomes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _keys(table: str, **refers: str) -> list[SchemaItem]:
    """Return the two columns that every table begins with, their constraints, and what other columns refer to."""
    return [
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("id", name=op.f(f"uq_{table}_id")),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
            for column, other in refers.items()
        ),
    ]


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _int(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _json(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=False)


def _time(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    _datasets()
    _runs()
    _routers()


def _datasets() -> None:
    op.create_table(
        "dataset",
        *_keys("dataset"),
        _text("name"),
        _text("content_hash"),
        _int("rows"),
        _json("labels"),
        _json("query_types"),
        _json("sources"),
        _int("seed"),
        _text("origin"),
        _text("file_name"),
        _time("created_at"),
        _time("deleted_at", nullable=True),
        sqlite_autoincrement=True,
    )
    kept = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_dataset_content", "dataset", ["content_hash"], unique=True, sqlite_where=kept, postgresql_where=kept
    )
    op.create_table(
        "label",
        *_keys("label", dataset_id="dataset", event_id="routing_event"),
        _text("dataset_id", nullable=True),
        _int("row", nullable=True),
        _text("event_id", nullable=True),
        _text("prompt"),
        _text("expert", nullable=True),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_label_dataset_id_row_seq"), "label", ["dataset_id", "row", "seq"])
    op.create_index(op.f("ix_label_event_id_seq"), "label", ["event_id", "seq"])
    op.create_table(
        "outcome",
        *_keys("outcome", dataset_id="dataset"),
        _text("dataset_id"),
        _int("row"),
        _text("expert"),
        _number("quality"),
        _text("source"),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outcome_dataset_id_row"), "outcome", ["dataset_id", "row"])


def _runs() -> None:
    op.create_table(
        "sealed_look",
        *_keys("sealed_look", dataset_id="dataset"),
        _text("dataset_id"),
        _text("dataset_hash"),
        _text("router_hash"),
        _text("why"),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sealed_look_dataset_id_seq"), "sealed_look", ["dataset_id", "seq"])
    op.create_table(
        "run",
        *_keys("run", dataset_id="dataset"),
        _text("name"),
        _text("dataset_id"),
        _text("dataset_hash"),
        _text("router_hash"),
        _int("seed"),
        _json("spec"),
        _json("result"),
        _json("packages"),
        _number("seconds"),
        _time("created_at"),
        _time("deleted_at", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_run_dataset_id_seq"), "run", ["dataset_id", "seq"])


def _routers() -> None:
    op.create_table(
        "router_draft",
        *_keys("router_draft", base_version_id="router_version"),
        _text("draft_id"),
        _text("base_version_id"),
        _json("config", nullable=True),
        _text("edit"),
        _text("state"),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_router_draft_draft_id_seq"), "router_draft", ["draft_id", "seq"])
    op.create_table(
        "adoption",
        *_keys("adoption", version_id="router_version", before_id="router_version"),
        _text("version_id"),
        _text("before_id", nullable=True),
        _text("note"),
        _json("evidence"),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    # the version that is live went live at some time: the newest adoption is the live version from here on
    op.execute(
        "INSERT INTO adoption (id, version_id, before_id, note, evidence, created_at) "
        "SELECT 'first-' || id, id, NULL, '', '{}', created_at FROM router_version WHERE live"
    )
