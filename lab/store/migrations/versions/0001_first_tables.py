"""Router versions, events, responses, feedback and jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
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


def _float(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=True)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "router_version",
        *_keys("router_version"),
        sa.Column("number", sa.Integer(), nullable=True),
        _text("name"),
        _text("content_hash"),
        sa.Column("config", sa.JSON(), nullable=False),
        _text("encoder_fingerprint"),
        sa.Column("live", sa.Boolean(), nullable=False),
        _text("origin"),
        _time("created_at"),
        sa.UniqueConstraint("number", name=op.f("uq_router_version_number")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_router_version_content_hash")),
        sqlite_autoincrement=True,
    )
    _one("uq_router_version_live", "router_version", ["live"], "live")
    op.create_table(
        "routing_event",
        *_keys("routing_event", router_version_id="router_version"),
        _time("created_at"),
        _text("source"),
        sa.Column("conversation", sa.JSON(), nullable=False),
        _text("prompt"),
        _text("expert"),
        _text("layer"),
        _float("score"),
        _float("margin"),
        _float("confidence"),
        sa.Column("matches", sa.JSON(), nullable=False),
        sa.Column("timings", sa.JSON(), nullable=False),
        _text("router_version_id"),
        _text("encoder_fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_routing_event_router_version_id_seq"), "routing_event", ["router_version_id", "seq"])
    _answers()
    _jobs()


def _answers() -> None:
    op.create_table(
        "response",
        *_keys("response", event_id="routing_event"),
        _text("event_id"),
        _text("expert"),
        _text("provider"),
        _text("model"),
        _text("system_prompt"),
        sa.Column("options", sa.JSON(), nullable=False),
        _text("text"),
        _text("finish_reason", nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        _float("load_ms"),
        _float("first_token_ms"),
        _float("total_ms"),
        _text("error_kind", nullable=True),
        _text("error", nullable=True),
        sa.Column("text_repaired", sa.Boolean(), nullable=False),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_response_event_id_seq"), "response", ["event_id", "seq"])
    op.create_table(
        "feedback",
        *_keys("feedback", response_id="response"),
        _text("response_id"),
        _text("value"),
        _time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feedback_response_id_seq"), "feedback", ["response_id", "seq"])


def _jobs() -> None:
    op.create_table(
        "job",
        *_keys("job"),
        _text("kind"),
        _text("key"),
        _text("title"),
        _text("state"),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        _text("note"),
        _text("error", nullable=True),
        _float("eta_s"),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        _text("owner"),
        _text("host"),
        sa.Column("pid", sa.Integer(), nullable=False),
        _text("process_start"),
        _time("created_at"),
        _time("updated_at"),
        sqlite_autoincrement=True,
    )
    _one("uq_job_running", "job", ["kind", "key"], "state = 'running'")


def _one(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
