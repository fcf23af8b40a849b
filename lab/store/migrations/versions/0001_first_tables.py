"""Router versions, events, responses, feedback and jobs."""

import sqlalchemy as sa
from alembic import op

from lab.store.migrations.columns import integer, json, keys, number, only_one, text, time

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "router_version",
        *keys("router_version"),
        integer("number", nullable=True),
        text("name"),
        text("content_hash"),
        json("config"),
        text("encoder_fingerprint"),
        sa.Column("live", sa.Boolean(), nullable=False),
        text("origin"),
        time("created_at"),
        sa.UniqueConstraint("number", name=op.f("uq_router_version_number")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_router_version_content_hash")),
        sqlite_autoincrement=True,
    )
    only_one("uq_router_version_live", "router_version", ["live"], "live")
    op.create_table(
        "routing_event",
        *keys("routing_event", router_version_id="router_version"),
        time("created_at"),
        text("source"),
        json("conversation"),
        text("prompt"),
        text("expert"),
        text("layer"),
        number("score", nullable=True),
        number("margin", nullable=True),
        number("confidence", nullable=True),
        json("matches"),
        json("timings"),
        text("router_version_id"),
        text("encoder_fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_routing_event_router_version_id_seq"), "routing_event", ["router_version_id", "seq"])
    _answers()
    _jobs()


def _answers() -> None:
    op.create_table(
        "response",
        *keys("response", event_id="routing_event"),
        text("event_id"),
        text("expert"),
        text("provider"),
        text("model"),
        text("system_prompt"),
        json("options"),
        text("text"),
        text("finish_reason", nullable=True),
        integer("prompt_tokens", nullable=True),
        integer("completion_tokens", nullable=True),
        number("load_ms", nullable=True),
        number("first_token_ms", nullable=True),
        number("total_ms", nullable=True),
        text("error_kind", nullable=True),
        text("error", nullable=True),
        sa.Column("text_repaired", sa.Boolean(), nullable=False),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_response_event_id_seq"), "response", ["event_id", "seq"])
    op.create_table(
        "feedback",
        *keys("feedback", response_id="response"),
        text("response_id"),
        text("value"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feedback_response_id_seq"), "feedback", ["response_id", "seq"])


def _jobs() -> None:
    op.create_table(
        "job",
        *keys("job"),
        text("kind"),
        text("key"),
        text("title"),
        text("state"),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        text("note"),
        text("error", nullable=True),
        number("eta_s", nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        text("owner"),
        text("host"),
        integer("pid"),
        text("process_start"),
        time("created_at"),
        time("updated_at"),
        sqlite_autoincrement=True,
    )
    only_one("uq_job_running", "job", ["kind", "key"], "state = 'running'")
