"""A PostgreSQL server for the tests: one a session, private, made when the first test asks for it.

It is found by its programs (on the PATH, or where Debian puts them), listens on a socket in a temporary folder and is
shared by the workers of pytest-xdist; whoever began the session ends it. LAB_TEST_POSTGRES_URL names another server to
use instead, on which databases may be made.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock
from sqlalchemy import NullPool, create_engine, make_url

FOLDER = "LAB_TEST_POSTGRES_FOLDER"
GIVEN = "LAB_TEST_POSTGRES_URL"

_PREFIX = "lab-pg-"
_UNPRIVILEGED = ("postgres", "nobody")
_SETTINGS = {
    "listen_addresses": "",  # the socket alone: no port that another program could have
    "max_connections": "300",  # eight processes with a pool each, and several workers of pytest
    "fsync": "off",  # a test kills processes, not the computer
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def begin_session() -> bool:
    """Choose the folder of this session's server and tell whether it is ours to end: a worker inherits its own."""
    if FOLDER in os.environ:
        return False
    os.environ[FOLDER] = tempfile.mkdtemp(prefix=_PREFIX)  # short: a socket's path has 107 characters at most
    return True


def end_session() -> None:
    """Stop the server, if one was started, and remove its folder; on a server that was given, what was made there."""
    folder, given = Path(os.environ[FOLDER]), os.environ.get(GIVEN)
    if (folder / "data" / "postmaster.pid").exists():  # names the process that pg_ctl stops
        _run("pg_ctl", "stop", "-D", str(folder / "data"), "-m", "immediate", "-w")
    elif given and (folder / "template").exists():
        _execute(given, f"DROP DATABASE IF EXISTS {_template()} WITH (FORCE)")
    shutil.rmtree(folder, ignore_errors=True)
    del os.environ[FOLDER]


def missing() -> str | None:
    """Return why there is no PostgreSQL to test on, or None."""
    if find_spec("psycopg") is None:
        return "the driver psycopg is not installed (tests/requirements.txt)"
    if os.environ.get(GIVEN) or _binaries() is not None:
        return None
    return f"PostgreSQL is not installed (Debian: apt-get install postgresql), and {GIVEN} names no server"


def server() -> str:
    """Return the URL of the server, started when it is not running. One worker starts it, the others wait."""
    given = os.environ.get(GIVEN)
    folder = Path(os.environ[FOLDER])
    with FileLock(folder / "lock"):
        if given is None and not (folder / "data" / "postmaster.pid").exists():
            _start(folder)
        url = given or f"postgresql+psycopg://lab@/postgres?host={folder}"
        if not (folder / "template").exists():
            _make_template(url)
            (folder / "template").touch()
    return url


@contextmanager
def database(url: str, *, empty: bool = False) -> Iterator[str]:
    """Give the URL of a database of its own with the lab's tables, or of an `empty` one; it is dropped afterwards."""
    name = f"lab_{uuid4().hex}"
    template = "template0" if empty else _template()
    _execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _make_template(url: str) -> None:
    """Make the tables once: copying them is much quicker than running the migrations for every test."""
    from lab.store import upgrade

    _execute(url, f"CREATE DATABASE {_template()} TEMPLATE template0 ENCODING 'UTF8'")
    upgrade(make_url(url).set(database=_template()).render_as_string(hide_password=False))


def _template() -> str:
    """Return the name of this session's template: other sessions may use the same server."""
    return f"lab_template_{Path(os.environ[FOLDER]).name.removeprefix(_PREFIX)}"


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _start(folder: Path) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:  # the server refuses to run as root
        user = _user()
        for path in (folder, data):
            os.chown(path, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    _run("initdb", "-D", str(data), "-U", "lab", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    settings = {**_SETTINGS, "unix_socket_directories": str(folder)}
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    _run("pg_ctl", "start", "-D", str(data), "-l", str(data / "log"), "-w")


def _run(program: str, *arguments: str) -> None:
    binaries = _binaries()
    assert binaries is not None
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = _user()
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # a file, because a server that is started would keep the end of a pipe open for ever
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            [str(binaries / program), *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            timeout=120, check=False, **as_user,
        )  # fmt: skip
        said.seek(0)
        assert done.returncode == 0, f"{program} failed: {said.read()}"


def _user() -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in _UNPRIVILEGED if name in known)


def _binaries() -> Path | None:
    """Return the folder that holds initdb and pg_ctl, of the newest version; None where there is none."""
    on_path = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *versions]
    return next((one for one in folders if (one / "initdb").exists() and (one / "pg_ctl").exists()), None)
