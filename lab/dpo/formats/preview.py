"""The first rows of a file, as the file would hold them."""

from __future__ import annotations

from collections.abc import Iterable

from lab.dpo.formats.form import Container
from lab.dpo.formats.lines import FRAMES, line_of
from lab.dpo.formats.registry import Choice, checked
from lab.dpo.rows import LikedRow, Row


def preview(name: str, container: Container, rows: Iterable[Row | LikedRow]) -> str:
    """Return the text of the file that these rows make in a format; empty where it takes none of them.

    Of Parquet, whose bytes nobody reads, the rows as JSON, one a line. Raises ExportError for a format or a container
    that is none.
    """
    ((form, _),) = checked([Choice(name, container)])
    lines = [line_of(one) for row in rows for one in form.objects(row)]
    frame = FRAMES["jsonl" if container == "parquet" else container]
    return frame.around(lines).decode() if lines else ""
