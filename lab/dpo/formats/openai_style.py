"""What services read that fine-tune in the manner of OpenAI: Azure, Fireworks and others. One object a line."""

from __future__ import annotations

from lab.dpo.formats.form import Format, Object, answer, asked
from lab.dpo.rows import Row


def _objects(row: Row) -> list[Object]:
    return [
        {
            "input": {"messages": asked(row)},
            "preferred_output": [answer(row.chosen)],
            "non_preferred_output": [answer(row.rejected)],
        }
    ]


OPENAI = Format(
    name="openai",
    title="OpenAI style",
    readers="Services that fine-tune as OpenAI does, such as Azure and Fireworks.",
    main=False,
    containers=("jsonl",),
    columns={"input": "asked", "preferred_output": "messages", "non_preferred_output": "messages"},
    of_pair=_objects,
)
