"""Bytes to text: which encoding a file really has, and a sentence for what is no text at all."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from lab.errors import DatasetError

_SAMPLE = 8_192  # bytes looked at to tell text from something else
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook. Save the sheet as CSV, or unpack it",
    b"\x1f\x8b": "a gzip archive. Unpack it",
    b"BZh": "a bzip2 archive. Unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive. Unpack it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive. Unpack it",
    b"%PDF": "a PDF document. Export its prompts as CSV",
    b"SQLite format 3\x00": "an SQLite database. Export the table as CSV",
    b"\xd0\xcf\x11\xe0": "an old Office document. Save the sheet as CSV",
    b"\x89PNG": "a picture. Choose the file with the prompts",
    b"\xff\xd8\xff": "a picture. Choose the file with the prompts",
    b"ARROW1": "an Arrow file. Save it as Parquet",
    b"\x80\x04\x95": "a Python pickle, which the lab never opens. Save it as CSV or Parquet",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text. Bytes that fit no encoding stand in it as U+DC80 to U+DCFF, and `note` says that there are any."""

    text: str
    note: str | None = None


def refuse_foreign(data: bytes, file_name: str) -> None:
    """Raise DatasetError, saying what it is, for a file that holds no table of text."""
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise DatasetError(f"{file_name} is {what}, then add that file.")


def decode(data: bytes, file_name: str) -> Decoded:
    """Return the text of a file in UTF-8, UTF-16 or UTF-32, or in UTF-8 with bytes of another encoding between.

    Raises DatasetError for bytes that are no text.
    """
    for bom, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's, so it is asked first
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(bom):
            return _wide(data, encoding) if encoding != "utf-8-sig" else _eight_bit(data[len(bom) :], file_name)
    guessed = _without_bom(data[:_SAMPLE])
    return _wide(data, guessed) if guessed else _eight_bit(data, file_name)


def _wide(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace").lstrip("\ufeff")
    return Decoded(text, f"The file was read as {encoding[:6].upper()}.")


def _without_bom(sample: bytes) -> str | None:
    """Tell UTF-16 by its NULs: ASCII characters leave one in every second byte, always on the same side."""
    pairs = len(sample) // 2
    if pairs < 4:
        return None
    even, odd = sample[0 : 2 * pairs : 2].count(0) / pairs, sample[1 : 2 * pairs : 2].count(0) / pairs
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def _eight_bit(data: bytes, file_name: str) -> Decoded:
    _refuse_binary(data[:_SAMPLE], file_name)
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError as err:
        note = (
            f"{file_name} is not UTF-8 from byte {err.start:,} on. Rows with such bytes are left out and shown as "
            "Windows-1252 reads them; save the file as UTF-8 to keep them."
        )
        return Decoded(data.decode("utf-8", "surrogateescape"), note)


def _refuse_binary(sample: bytes, file_name: str) -> None:
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in sample)
    foreign = sum("\udc80" <= char <= "\udcff" for char in sample.decode("utf-8", "surrogateescape"))
    if sample and (controls > 0.1 * len(sample) or foreign > 0.3 * len(sample)):
        raise DatasetError(
            f"{file_name} holds no text ({controls + foreign:,} of its first {len(sample):,} bytes are none). "
            "The lab reads CSV, TSV, JSON, JSON Lines and Parquet."
        )
