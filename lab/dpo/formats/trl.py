"""What TRL's trainers read: DPO with an explicit prompt, reward with an implicit one, KTO, and SFT.

All of it is conversational, so that the chat template of the model is the trainer's business. No column is named as one
that a trainer takes for something else (image, images, tools, margin).
"""

from __future__ import annotations

from lab.dpo.formats.form import CONTAINERS, Format, Object, answer, asked
from lab.dpo.rows import LikedRow, Row


def pair(row: Row) -> Object:
    """Return a pair with its prompt apart."""
    return {"prompt": asked(row), "chosen": [answer(row.chosen)], "rejected": [answer(row.rejected)]}


def _whole(row: Row) -> list[Object]:
    opening = asked(row)
    return [{"chosen": [*opening, answer(row.chosen)], "rejected": [*opening, answer(row.rejected)]}]


def _labelled(row: Row) -> list[Object]:
    told = ((row.chosen, True, row.likes_chosen), (row.rejected, False, row.dislikes_rejected))
    prompt = asked(row)
    return [_completion(prompt, text, label) for text, label, is_told in told if is_told]


def _liked(row: LikedRow) -> list[Object]:
    return [_completion(asked(row), row.answer, row.liked)]


def _completion(prompt: list[Object], text: str, label: bool) -> Object:
    return {"prompt": prompt, "completion": [answer(text)], "label": label}


DPO = Format(
    name="trl",
    title="TRL DPO",
    readers="DPOTrainer of TRL, and most that train on pairs: prompt, chosen and rejected as messages.",
    main=True,
    containers=CONTAINERS,
    columns={"prompt": "messages", "chosen": "messages", "rejected": "messages"},
    of_pair=lambda row: [pair(row)],
)

REWARD = Format(
    name="reward",
    title="TRL reward",
    readers="RewardTrainer of TRL: the whole conversation in chosen and in rejected.",
    main=True,
    containers=CONTAINERS,
    columns={"chosen": "messages", "rejected": "messages"},
    of_pair=_whole,
)

KTO = Format(
    name="kto",
    title="TRL KTO",
    readers="KTOTrainer of TRL: one answer a row, liked or not; answers with a thumb stand here too.",
    main=True,
    containers=CONTAINERS,
    columns={"prompt": "messages", "completion": "messages", "label": "flag"},
    of_pair=_labelled,
    of_liked=_liked,
    holds_pairs=False,
)

SFT = Format(
    name="sft",
    title="SFT messages",
    readers="SFTTrainer of TRL, and all that learn answers by heart: the chosen answers alone.",
    main=False,
    containers=CONTAINERS,
    columns={"messages": "messages"},
    of_pair=lambda row: [{"messages": [*asked(row), answer(row.chosen)]}],
    holds_pairs=False,
)
