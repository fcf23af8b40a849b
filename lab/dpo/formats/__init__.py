"""What trainers read: pairs and liked answers as the files of each family of trainers.

form.py        what a format is                     registry.py    which there are, and a choice of them
trl.py         DPO, reward, KTO, SFT                hub.py         the Hugging Face folder      card.py   its README.md
llama_factory.py, axolotl.py, openai_style.py
lines.py       rows as JSON                         sinks.py       files that are hashed while they are written
placing.py     folders that appear whole            writing.py     all formats in one pass
packing.py     an export as one ZIP                 preview.py     the first rows of a file

written = write(rows, liked, [choice("trl"), choice("hf")], folder, card)
written.files["trl/train.jsonl"].sha256
"""

from lab.dpo.formats.card import Card, Source
from lab.dpo.formats.form import Container, Format
from lab.dpo.formats.packing import zipped
from lab.dpo.formats.preview import preview
from lab.dpo.formats.registry import FORMATS, Choice, checked, choice, named
from lab.dpo.formats.sinks import Made, schema_of
from lab.dpo.formats.writing import MANIFEST, TRACE, Written, write

__all__ = [
    "FORMATS",
    "MANIFEST",
    "TRACE",
    "Card",
    "Choice",
    "Container",
    "Format",
    "Made",
    "Source",
    "Written",
    "checked",
    "choice",
    "named",
    "preview",
    "schema_of",
    "write",
    "zipped",
]
