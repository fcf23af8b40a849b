"""Annotators, guidelines, conversations, duels, presentations, votes, resolutions and deletions."""

import sqlalchemy as sa
from alembic import op

from lab.store.migrations.columns import big, flag, integer, json, keys, number, only_one, some, text, time

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = "deleted_at IS NULL AND votes < wished"


def upgrade() -> None:
    """Make the tables."""
    _people()
    _responses()
    _duels()
    _votes()
    _afterwards()


def _people() -> None:
    op.create_table(
        "annotator",
        *keys("annotator"),
        text("name"),
        text("name_key"),
        text("kind"),
        text("pin_hash", nullable=True),
        text("link_hash", nullable=True),
        integer("failures"),
        time("locked_until", nullable=True),
        time("created_at"),
        time("removed_at", nullable=True),
        sa.UniqueConstraint("name_key", name=op.f("uq_annotator_name_key")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_annotator_link_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guideline",
        *keys("guideline", annotator_id="annotator"),
        integer("version"),
        text("text"),
        text("annotator_id", nullable=True),
        time("created_at"),
        sa.UniqueConstraint("version", name=op.f("uq_guideline_version")),
        sqlite_autoincrement=True,
    )


def _responses() -> None:
    op.create_table(
        "conversation",
        *keys("conversation"),
        json("messages"),
        text("prompt"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    # an imported answer, and one that a person wrote, belongs to no routed event
    with op.batch_alter_table("response", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("event_id", existing_type=sa.String(), nullable=True)
        table.add_column(text("conversation_id", nullable=True))
        table.create_foreign_key(
            op.f("fk_response_conversation_id_conversation"), "conversation", ["conversation_id"], ["id"]
        )
    op.create_index(op.f("ix_response_conversation_id"), "response", ["conversation_id"])


def _duels() -> None:
    op.create_table(
        "duel_batch",
        *keys("duel_batch"),
        text("kind"),
        text("name"),
        text("content_hash", nullable=True),
        json("spec"),
        json("report"),
        time("created_at"),
        sa.UniqueConstraint("content_hash", name=op.f("uq_duel_batch_content_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_duel_batch_kind_seq"), "duel_batch", ["kind", "seq"])
    op.create_table(
        "duel",
        *keys(
            "duel",
            conversation_id="conversation",
            first_id="response",
            second_id="response",
            event_id="routing_event",
            batch_id="duel_batch",
        ),
        text("content_key"),
        text("conversation_id"),
        text("system_prompt"),
        text("first_id"),
        text("second_id"),
        text("origin"),
        text("rule"),
        number("probability", nullable=True),
        number("hardness", nullable=True),
        number("rank"),
        big("shuffle"),
        text("query_type", nullable=True),
        text("event_id", nullable=True),
        text("batch_id", nullable=True),
        integer("wished"),
        integer("votes"),
        time("created_at"),
        time("deleted_at", nullable=True),
        sa.UniqueConstraint("content_key", name=op.f("uq_duel_content_key")),
        sqlite_autoincrement=True,
    )
    for columns in (["conversation_id"], ["batch_id", "seq"], ["event_id"], ["first_id"], ["second_id"]):
        op.create_index(op.f(f"ix_duel_{'_'.join(columns)}"), "duel", columns)
    some("ix_duel_shuffled", "duel", ["votes", "shuffle", "origin", "query_type", "id"], _OPEN)
    some("ix_duel_hardest", "duel", ["votes", "rank", "shuffle", "origin", "query_type", "id"], _OPEN)
    some("ix_duel_judged", "duel", ["votes", "shuffle", "origin", "id"], "deleted_at IS NULL AND votes > 0")
    some("ix_duel_there", "duel", ["seq", "query_type"], "deleted_at IS NULL")
    some("ix_duel_sample", "duel", ["votes"], "deleted_at IS NULL AND origin = 'sample'")
    some("ix_duel_edit", "duel", ["votes"], "deleted_at IS NULL AND origin = 'edit'")


def _votes() -> None:
    op.create_table(
        "presentation",
        *keys("presentation", duel_id="duel", annotator_id="annotator", left_id="response", right_id="response"),
        text("duel_id"),
        text("annotator_id"),
        integer("round"),
        big("seed"),
        text("left_id"),
        text("right_id"),
        text("purpose"),
        time("shown_at"),
        time("leased_until", nullable=True),
        time("revealed_at", nullable=True),
        sa.UniqueConstraint(
            "duel_id", "annotator_id", "round", name=op.f("uq_presentation_duel_id_annotator_id_round")
        ),
        sqlite_autoincrement=True,
    )
    some("ix_presentation_leased", "presentation", ["leased_until"], "leased_until IS NOT NULL")
    some("ix_presentation_open", "presentation", ["annotator_id"], "leased_until IS NOT NULL")
    op.create_index(op.f("ix_presentation_annotator_id_round_seq"), "presentation", ["annotator_id", "round", "seq"])
    op.create_table(
        "vote",
        *keys("vote", presentation_id="presentation", duel_id="duel", annotator_id="annotator", chosen_id="response"),
        text("presentation_id"),
        text("duel_id"),
        text("annotator_id"),
        integer("round"),
        text("verdict"),
        text("chosen_id", nullable=True),
        integer("strength", nullable=True),
        json("tags"),
        text("note"),
        integer("guideline_version", nullable=True),
        flag("live"),
        flag("unblinded"),
        integer("took_ms", nullable=True),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    only_one("uq_vote_live", "vote", ["presentation_id"], "live")
    some("ix_vote_live", "vote", ["duel_id", "annotator_id", "round"], "live")
    op.create_index(op.f("ix_vote_annotator_id_live_seq"), "vote", ["annotator_id", "live", "seq"])
    op.create_index(op.f("ix_vote_duel_id_seq"), "vote", ["duel_id", "seq"])
    op.create_table(
        "vote_event",
        *keys("vote_event", vote_id="vote", annotator_id="annotator"),
        text("vote_id"),
        text("annotator_id"),
        text("kind"),
        json("before", nullable=True),
        json("after", nullable=True),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_vote_event_vote_id_seq"), "vote_event", ["vote_id", "seq"])
    op.create_index(op.f("ix_vote_event_annotator_id_seq"), "vote_event", ["annotator_id", "seq"])


def _afterwards() -> None:
    op.create_table(
        "resolution",
        *keys("resolution", duel_id="duel", chosen_id="response", annotator_id="annotator"),
        text("duel_id"),
        text("kind"),
        text("verdict", nullable=True),
        text("chosen_id", nullable=True),
        text("note"),
        text("annotator_id", nullable=True),
        time("created_at"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_resolution_duel_id_seq"), "resolution", ["duel_id", "seq"])
    op.create_table(
        "deletion",
        *keys("deletion", annotator_id="annotator"),
        text("what"),
        text("annotator_id", nullable=True),
        json("counts"),
        time("created_at"),
        sqlite_autoincrement=True,
    )
