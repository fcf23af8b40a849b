"""The folder of a dataset for the Hugging Face Hub: Parquet with a schema, and a card that says what it is."""

from __future__ import annotations

from collections.abc import Mapping

from lab.dpo.formats.card import Card, readme
from lab.dpo.formats.form import Container, Format, Kind, Object
from lab.dpo.formats.trl import pair
from lab.dpo.rows import Row, Split

COLUMNS: Mapping[str, tuple[Kind, str]] = {
    "prompt": ("messages", "the conversation, a system message first where there is one"),
    "chosen": ("messages", "the better answer"),
    "rejected": ("messages", "the other answer"),
    "duel_id": ("text", "the comparison that the pair comes from"),
    "query_type": ("text", "what kind of prompt it is, where that is known"),
    "origin": ("text", "how the comparison came about"),
    "votes": ("count", "votes that counted, skips left out"),
    "agreeing": ("count", "of these, for the chosen answer"),
    "strength": ("number", "mean of the agreeing votes that said one: 1 slightly, 2 clearly, 3 by far"),
    "adjudicated": ("flag", "whether a disagreement was decided by one person"),
    "chosen_by": ("text", "the expert that wrote the chosen answer"),
    "rejected_by": ("text", "the expert that wrote the rejected answer"),
    "chosen_model": ("text", "its model"),
    "rejected_model": ("text", "its model"),
    "row_hash": ("text", "SHA-256 of prompt, system prompt and both answers"),
}
"""What the columns hold, and in words. None is called as one that a trainer takes for something else."""


def _objects(row: Row) -> list[Object]:
    return [
        {
            **pair(row),
            "duel_id": row.duel_id,
            "query_type": row.query_type,
            "origin": row.origin,
            "votes": row.votes,
            "agreeing": row.agreeing,
            "strength": row.strength,
            "adjudicated": row.adjudicated,
            "chosen_by": row.chosen_by,
            "rejected_by": row.rejected_by,
            "chosen_model": row.chosen_model,
            "rejected_model": row.rejected_model,
            "row_hash": row.hash,
        }
    ]


def _file_of(split: Split, container: Container) -> str:
    return f"data/{split}-00000-of-00001.{container}"


def _card(card: Card, data: Mapping[Split, str]) -> dict[str, str]:
    columns = {name: (kind, words) for name, (kind, words) in COLUMNS.items()}
    return {"README.md": readme(card, list(data), columns)}


HUB = Format(
    name="hf",
    title="Hugging Face folder",
    readers="load_dataset of the datasets library, and the Hub: Parquet, a card, and where every row comes from.",
    main=True,
    containers=("parquet",),
    columns={name: kind for name, (kind, _) in COLUMNS.items()},
    of_pair=_objects,
    file_of=_file_of,
    beside=_card,
)
