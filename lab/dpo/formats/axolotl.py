"""What Axolotl reads as `chat_template.default`: messages, and one message for each side.

Its strategy looks for an answer's text in what the chat template made of it. Many templates strip white space, and
then a text that begins or ends with some is not found: training would go on one character. So answers are stripped,
and an import of these files gives them back without the white space that they began or ended with.
"""

from __future__ import annotations

from lab.dpo.formats.form import CONTAINERS, Format, Object, answer, asked
from lab.dpo.rows import Row


def _objects(row: Row) -> list[Object]:
    chosen, rejected = row.chosen.strip(), row.rejected.strip()
    if not chosen or not rejected:
        return []
    return [{"messages": asked(row), "chosen": answer(chosen), "rejected": answer(rejected)}]


AXOLOTL = Format(
    name="axolotl",
    title="Axolotl",
    readers="Axolotl with rl: dpo and type: chat_template.default; answers lose white space at both ends.",
    main=False,
    containers=CONTAINERS,
    columns={"messages": "messages", "chosen": "message", "rejected": "message"},
    of_pair=_objects,
)
