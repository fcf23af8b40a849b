"""What LLaMA-Factory reads: ShareGPT conversations with a ranking, and the file that tells it of them.

It wants the user and the assistant in turn, an odd number of turns, the last one the user's; any other row it skips
with a line in its log, so such a row is not written at all. Every row has a system prompt, empty where there is none,
which it takes for none: a key that only some rows have breaks the reading of a long file, and `dataset_info.json` can
name no column that may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from lab.dpo.formats.card import Card
from lab.dpo.formats.form import Format, Object
from lab.dpo.rows import Row, Split, in_turn

INFO = "dataset_info.json"

_SPEAKERS = {"user": "human", "assistant": "gpt"}
_TAGS = {
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt", "system_tag": "system",
}  # fmt: skip
_COLUMNS = {"messages": "conversations", "chosen": "chosen", "rejected": "rejected", "system": "system"}


def _objects(row: Row) -> list[Object]:
    if not in_turn(row.turns):
        return []
    said = [{"from": _SPEAKERS[turn.role], "value": turn.content} for turn in row.turns]
    chosen, rejected = ({"from": "gpt", "value": text} for text in (row.chosen, row.rejected))
    return [{"conversations": said, "system": row.system_prompt, "chosen": chosen, "rejected": rejected}]


def _info(_card: Card, data: Mapping[Split, str]) -> dict[str, str]:
    """Return the entries for `dataset_info.json`, one a split: pairs_train and so on."""
    entries = {
        f"pairs_{split}": {
            "file_name": file, "formatting": "sharegpt", "ranking": True, "columns": _COLUMNS, "tags": _TAGS,
        }
        for split, file in data.items()
    }  # fmt: skip
    return {INFO: json.dumps(entries, ensure_ascii=False, indent=2) + "\n"}


LLAMA_FACTORY = Format(
    name="llamafactory",
    title="LLaMA-Factory",
    readers="LLaMA-Factory: set dataset_dir to this folder and dataset to pairs_train.",
    main=True,
    containers=("json", "jsonl"),
    columns={"conversations": "turns", "system": "text", "chosen": "turn", "rejected": "turn"},
    of_pair=_objects,
    beside=_info,
)
