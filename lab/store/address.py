"""Where the database is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from lab.errors import StoreError


@dataclass(frozen=True, slots=True)
class Address:
    """A database file of SQLite, or the URL of a server; exactly one of the two is set."""

    path: Path | None
    url: URL | None

    def __str__(self) -> str:
        """Return the address as a person knows it, without the password."""
        return str(self.path) if self.url is None else self.url.render_as_string(hide_password=True)


def address_of(url: str | None, data_dir: Path | None) -> Address:
    """Return the address that `url` names, or lab.db in `data_dir` (default: data).

    Raises StoreError for a URL that is not one, or names a database that the lab cannot use.
    """
    if url is None:
        return Address(path=_absolute((data_dir or Path("data")) / "lab.db"), url=None)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as err:
        raise StoreError(
            "LAB_DATABASE_URL is not a database address. Write sqlite:////folder/lab.db"
            " or postgresql+psycopg://user@host/name, or leave it out."
        ) from err
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return Address(path=None, url=parsed)
    if backend != "sqlite":
        raise StoreError(f"LAB_DATABASE_URL names a {backend} database; the lab uses sqlite or postgresql.")
    if parsed.database in (None, "", ":memory:") or parsed.query or str(parsed.database).startswith("file:"):
        raise StoreError(f"LAB_DATABASE_URL={url} must name a file and nothing else, as in sqlite:////folder/lab.db.")
    return Address(path=_absolute(Path(str(parsed.database))), url=None)


def _absolute(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as err:  # a loop of links, a NUL
        raise StoreError(f"The database path {str(path)!r} cannot be used: {err}. Choose another place.") from err
