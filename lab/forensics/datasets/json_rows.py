"""JSON Lines, a JSON array of objects, and CLINC150's own layout: {split: [[text, intent]]}."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from lab.errors import DatasetError
from lab.forensics.datasets.table import BadRow, Table, check_size, showable, unique_names
from lab.forensics.datasets.values import texts_of
from lab.types import NONE

_OUT_OF_SCOPE = "oos"  # CLINC150's word for what no intent claims
_LOOKED_AT = 20  # lines in which one object is enough to call a file JSON Lines

_Rows = list[tuple[int, Mapping[str, Any]]]


def read_json(text: str, file_name: str) -> Table:
    """Return the table of a JSON or JSON Lines text. Raises DatasetError, with what is there instead, for another."""
    lines = [(number, line) for number, line in enumerate(io.StringIO(text, newline=""), start=1) if line.strip()]
    if not lines:
        raise DatasetError(f"{file_name} is empty. Add a file with an object a line.")
    if len(lines) > 1 and any(isinstance(_parse_line(line)[0], dict) for _, line in lines[:_LOOKED_AT]):
        return _json_lines(lines, file_name)
    try:
        value = json.loads(text)
    except ValueError as err:
        raise DatasetError(f"{file_name} begins like JSON but is not ({err}). Correct it there, or write CSV.") from err
    except RecursionError as err:
        raise DatasetError(f"{file_name} is nested too deeply to be read. Write one flat object a line.") from err
    return _whole(value, file_name)


def _json_lines(lines: Sequence[tuple[int, str]], file_name: str) -> Table:
    rows: _Rows = []
    malformed: list[BadRow] = []
    for number, line in lines:
        value, fault = _parse_line(line)
        if isinstance(value, dict):
            rows.append((number, value))
        else:
            detail = fault or "this line is no JSON object"
            malformed.append(BadRow(number, "ragged", detail, showable(line.strip())))
    return _table(rows, file_name, "JSON Lines", malformed=malformed)


def _parse_line(line: str) -> tuple[Any, str]:
    try:
        return json.loads(line), ""
    except ValueError as err:
        return None, f"not JSON: {getattr(err, 'msg', err)} at character {getattr(err, 'pos', 0) + 1}"
    except RecursionError:
        return None, "nested too deeply"


def _whole(value: Any, file_name: str) -> Table:
    if isinstance(value, dict):
        return (
            _clinc150(value, file_name) if _is_clinc150(value) else _table(_alone(value, file_name), file_name, "JSON")
        )
    if not isinstance(value, list):
        raise DatasetError(
            f"{file_name} holds one JSON value and no rows. Write an array of objects, or an object a line."
        )
    if not value:
        raise DatasetError(f"{file_name} is an empty JSON array. Add objects to it.")
    if all(isinstance(row, str) for row in value):
        value = [{"prompt": row} for row in value]
    rows: _Rows = []
    malformed: list[BadRow] = []
    for number, row in enumerate(value, start=1):
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            text = showable(json.dumps(row, ensure_ascii=False))
            malformed.append(BadRow(number, "ragged", f"this is {_kind(row)}, not an object", text))
    if not rows:
        raise DatasetError(
            f"{file_name} is a JSON array whose first item is {_kind(value[0])}. Write objects in it, such as "
            '{"prompt": "…", "label": "…"}.'
        )
    return _table(rows, file_name, "JSON", malformed=malformed, counted_in_rows=True)


def _alone(value: dict[str, Any], file_name: str) -> _Rows:
    """Return the one row that a lone object is, if its values are plain."""
    if value and not any(isinstance(one, dict | list) for one in value.values()):
        return [(1, value)]
    inside = ", ".join(map(repr, list(value)[:5])) or "nothing"
    raise DatasetError(
        f"{file_name} is one nested JSON object (with {inside}), not rows. "
        "Write the array of objects inside it to a file of its own."
    )


# ---------------------------------------------------------------------------------------------------------- CLINC150


def _is_clinc150(value: dict[str, Any]) -> bool:
    rows = [row for part in value.values() if isinstance(part, list) for row in part[:3]]
    return all(isinstance(part, list) for part in value.values()) and 2 * sum(map(_is_pair, rows)) > len(rows)


def _is_pair(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 2 and all(isinstance(one, str) for one in row)


def _clinc150(value: dict[str, list[Any]], file_name: str) -> Table:
    """Its parts are splits; a part called oos_… holds prompts outside of all intents."""
    texts: list[str] = []
    intents: list[str] = []
    splits: list[str] = []
    at: list[int] = []
    malformed: list[BadRow] = []
    number = 0
    for part, rows in value.items():
        for row in rows:
            number += 1
            if not _is_pair(row):
                text = showable(json.dumps(row, ensure_ascii=False))
                malformed.append(BadRow(number, "ragged", f"in {part!r}: not a pair of text and intent", text))
                continue
            texts.append(row[0])
            intents.append(NONE if row[1] == _OUT_OF_SCOPE else row[1])
            splits.append(part.removeprefix(f"{_OUT_OF_SCOPE}_"))
            at.append(number)
    check_size(number, 3, file_name)
    outside = intents.count(NONE)
    notes = (
        [f"{outside:,} prompts labelled {_OUT_OF_SCOPE!r} (out of scope) carry the label {NONE!r}."] if outside else []
    )
    return Table(
        {"text": texts, "intent": intents, "split": splits}, at, tuple(malformed), notes=tuple(notes),
        layout="CLINC150", counted="row", file_name=file_name,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ columns


def _table(
    rows: _Rows,
    file_name: str,
    layout: str,
    *,
    malformed: Sequence[BadRow] = (),
    counted_in_rows: bool = False,
) -> Table:
    check_size(len(rows), 0, file_name)
    keys: dict[str, None] = {}
    for _, row in rows:
        keys.update(dict.fromkeys(row))
        check_size(0, len(keys), file_name)
    names, notes = unique_names(list(keys))
    columns: dict[str, list[str | None]] = {}
    odd: dict[str, dict[int, str]] = {}
    nested: set[str] = set()
    for name, key in zip(names, keys, strict=True):
        values = [row.get(key) for _, row in rows]
        if _is_nested(values):
            nested.add(name)
            columns[name] = [None] * len(rows)
        else:
            columns[name], odd[name] = texts_of(values)
    return Table(
        columns, [number for number, _ in rows], tuple(malformed), frozenset(nested), tuple(notes), layout,
        "row" if counted_in_rows else "line", file_name, odd,
    )  # fmt: skip


def _is_nested(values: Sequence[Any]) -> bool:
    """Tell whether most of the values that are there are lists or objects."""
    return 2 * sum(isinstance(value, dict | list) for value in values) > sum(value is not None for value in values)


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "a text", bool: "a truth value", type(None): "a null"}
    return kinds.get(type(value), "a number")
