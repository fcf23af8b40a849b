"""JSON Lines, a JSON array of objects, and CLINC150's own layout: {split: [[text, intent]]}."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lab.errors import DatasetError
from lab.forensics.datasets.table import BadRow, Objects, Table, check_size, showable, unique_names
from lab.forensics.datasets.values import texts_of, written
from lab.types import NONE

_OUT_OF_SCOPE = "oos"  # CLINC150's word for what no intent claims
_LOOKED_AT = 20  # lines in which one object is enough to call a file JSON Lines

_LINE = re.compile(r"[^\r\n]*(?:\r\n|[\r\n]|\Z)")
_SPACE = re.compile(r"[ \t\n\r]*")

_Rows = list[tuple[int, Mapping[str, Any]]]


def read_json(text: str, file_name: str) -> Table:
    """Return the table of a JSON or JSON Lines text. Raises DatasetError, with what is there instead, for another."""
    if _is_json_lines(text, file_name):
        return _table(*_parted(_line_objects(text)), file_name, "JSON Lines")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise _no_json(err, file_name) from err
    return _whole(value, file_name)


def json_objects(text: str, file_name: str) -> Objects:
    """Return the objects of a JSON or JSON Lines text; a lone object is one row. Raises DatasetError.

    That an array breaks off is found where it does, in each pass over it.
    """
    if _is_json_lines(text, file_name):
        return Objects(file_name, "JSON Lines", "line", (), lambda: _line_objects(text))
    if text.lstrip().startswith("["):
        return Objects(file_name, "JSON", "row", (), lambda: _item_objects(_items(text, file_name)))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise _no_json(err, file_name) from err
    if not isinstance(value, dict):
        raise _one_value(file_name)
    return Objects(file_name, "JSON", "row", (), lambda: iter([(1, value)]))


def _no_json(err: Exception, file_name: str) -> DatasetError:
    if isinstance(err, RecursionError):
        return DatasetError(f"{file_name} is nested too deeply to be read. Write one flat object a line.")
    return DatasetError(f"{file_name} begins like JSON but is not ({err}). Correct it there, or write CSV.")


def _one_value(file_name: str) -> DatasetError:
    return DatasetError(
        f"{file_name} holds one JSON value and no rows. Write an array of objects, or an object a line."
    )


def _is_json_lines(text: str, file_name: str) -> bool:
    first = list(islice(_lines(text), _LOOKED_AT))
    if not first:
        raise DatasetError(f"{file_name} is empty. Add a file with an object a line.")
    opening = first[0][1]
    if opening.lstrip().startswith("[") and _parse_line(opening)[1]:
        return False  # an array that goes on: a line in it may be an object, the last one at least
    return len(first) > 1 and any(isinstance(_parse_line(line)[0], dict) for _, line in first)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers; io.StringIO would hold four bytes a character."""
    for number, found in enumerate(_LINE.finditer(text), start=1):
        if found[0].strip():
            yield number, found[0]


def _line_objects(text: str) -> Iterator[tuple[int, Mapping[str, Any]] | BadRow]:
    for number, line in _lines(text):
        value, fault = _parse_line(line)
        if isinstance(value, dict):
            yield number, value
        else:
            yield BadRow(number, "ragged", fault or "this line is no JSON object", showable(line.strip()))


def _items(text: str, file_name: str) -> Iterator[Any]:
    """Yield the items of a JSON array one after another. Raises DatasetError where it is none any more."""
    decoder, at = json.JSONDecoder(), _behind(text, text.index("[") + 1)
    mark = "," if text[at : at + 1] != "]" else "]"
    while mark == ",":
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as err:
            raise _no_json(err, file_name) from err
        yield value
        at = _behind(text, at)
        mark = text[at : at + 1]
        at = _behind(text, at + 1) if mark == "," else at
    if mark != "]":
        raise _no_json(json.JSONDecodeError("Expecting ',' delimiter", text, at), file_name)
    if _behind(text, at + 1) != len(text):
        raise _no_json(json.JSONDecodeError("Extra data", text, at + 1), file_name)


def _behind(text: str, at: int) -> int:
    """Return where the white space that begins at `at` ends."""
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _item_objects(items: Iterator[Any]) -> Iterator[tuple[int, Mapping[str, Any]] | BadRow]:
    for number, row in enumerate(items, start=1):
        if isinstance(row, dict):
            yield number, row
        else:
            yield BadRow(number, "ragged", f"this is {_kind(row)}, not an object", written(row))


def _parted(objects: Iterator[tuple[int, Mapping[str, Any]] | BadRow]) -> tuple[_Rows, list[BadRow]]:
    rows: _Rows = []
    malformed: list[BadRow] = []
    for one in objects:
        if isinstance(one, BadRow):
            malformed.append(one)
        else:
            rows.append(one)
    return rows, malformed


def _parse_line(line: str) -> tuple[Any, str]:
    try:
        return json.loads(line), ""
    except ValueError as err:
        return None, f"not JSON: {getattr(err, 'msg', err)} at character {getattr(err, 'pos', 0) + 1}"
    except RecursionError:
        return None, "nested too deeply"


def _whole(value: Any, file_name: str) -> Table:
    if isinstance(value, dict):
        if _is_clinc150(value):
            return _clinc150(value, file_name)
        return _table(_alone(value, file_name), [], file_name, "JSON")
    if not isinstance(value, list):
        raise _one_value(file_name)
    if not value:
        raise DatasetError(f"{file_name} is an empty JSON array. Add objects to it.")
    if all(isinstance(row, str) for row in value):
        value = [{"prompt": row} for row in value]
    rows, malformed = _parted(_item_objects(iter(value)))
    if not rows:
        raise DatasetError(
            f"{file_name} is a JSON array whose first item is {_kind(value[0])}. Write objects in it, such as "
            '{"prompt": "…", "label": "…"}.'
        )
    return _table(rows, malformed, file_name, "JSON", counted_in_rows=True)


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
                detail = f"in {part!r}: not a pair of text and intent"
                malformed.append(BadRow(number, "ragged", detail, written(row)))
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
    rows: _Rows, malformed: Sequence[BadRow], file_name: str, layout: str, *, counted_in_rows: bool = False
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
