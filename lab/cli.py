"""The shell face of the lab: `python -m lab COMMAND`; `--help` lists the commands.

Exit status: 0 done, 1 failed, 2 bad input, such as a name that nothing has; the reason is one line on standard error.
Imports stand in the commands, so that a command pays for what it uses.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lab import cli_check, cli_db, cli_duels, cli_export, cli_grid, cli_preferences, cli_router, cli_snapshot
from lab.cli_dataset import add_commands
from lab.cli_dataset_lines import harmless
from lab.errors import (
    ConfigError,
    DatasetError,
    DuelError,
    ExportError,
    KeepingError,
    LabError,
    NotFound,
    PromptError,
    SearchError,
    Unstorable,
)

_BAD_INPUT = (
    PromptError, ConfigError, DatasetError, DuelError, ExportError, SearchError, NotFound, Unstorable, KeepingError,
)  # fmt: skip

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.records import RouterVersion
    from lab.store import Store
    from lab.types import Decision


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    arguments = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without the character is no reason to stop
    try:
        return int(arguments.run(arguments))
    except _BAD_INPUT as err:
        return _fail(err, 2)
    except LabError as err:
        return _fail(err, 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader (`head`) has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _fail(err: LabError, status: int) -> int:
    print(f"lab: {harmless(' '.join(str(err).split()))}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="LLM Router Lab")
    commands = parser.add_subparsers(required=True, metavar="command")

    route = commands.add_parser("route", help="route prompts, one JSON object a line with --json")
    route.add_argument("prompts", nargs="*", metavar="PROMPT", help="without any, and without --file: standard input")
    route.add_argument("--file", metavar="F", help="a prompt a line, or JSON Lines with a `prompt` field; - for stdin")
    route.add_argument("--json", action="store_true", help="one JSON object a line")
    route.add_argument("--record", action="store_true", help="store each as an event")
    route.add_argument("-o", "--override", action="append", default=[], metavar="KEY=VALUE", help="a Hydra override")
    route.set_defaults(run=_route)

    app = commands.add_parser("app", help="start the pages")
    app.add_argument("--host", default="127.0.0.1")
    app.add_argument("--port", type=int, default=8501)
    app.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="Hydra overrides")
    app.set_defaults(run=_app)

    prepare = commands.add_parser("prepare", help="prepare the default encoder, once")
    prepare.set_defaults(run=_prepare)

    add_commands(commands)
    cli_grid.add_parser(commands)
    cli_check.add_parser(commands)
    cli_router.add_parser(commands)
    cli_duels.add_parser(commands)
    cli_preferences.add_parser(commands)
    cli_export.add_parser(commands)
    cli_snapshot.add_parsers(commands)
    cli_db.add_parser(commands)
    return parser


# ------------------------------------------------------------------------------------------------------------- route


def _route(arguments: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.live import Routers

    prompts = _prompts(arguments)
    settings = load_settings()
    store = _store(settings, arguments)
    routers = Routers(store, settings, arguments.override)
    if not arguments.record:
        live = routers.live()
        for where, prompt in prompts:
            with _naming(where):
                decision = live.strategy.decide(prompt)
            _print(decision, live.version, as_json=arguments.json)
        return 0
    assert store is not None
    from lab.exchange import Exchange
    from lab.providers import MockProvider

    exchange = Exchange(store, routers, {"mock": MockProvider()})
    for where, prompt in prompts:
        with _naming(where):
            routed = exchange.route(prompt, source="cli")
        _print(routed.event.decision, routed.version, as_json=arguments.json)
        if routed.unsaved:
            print(f"lab: not stored: {routed.unsaved}", file=sys.stderr)
            return 1
    return 0


def _store(settings: Settings, arguments: argparse.Namespace) -> Store | None:
    """Open the database where it is needed: to record, or to learn which router is live."""
    if arguments.override and not arguments.record:
        return None
    from lab.store import open_store

    try:
        return open_store(settings.database_url, settings.data_dir, read_only=not arguments.record)
    except NotFound:
        return None  # nothing was ever stored: the shipped router answers, and nothing is made


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """Say which line of a file holds a prompt that cannot be routed."""
    try:
        yield
    except PromptError as err:
        raise PromptError(f"{where}: {err}" if where else str(err)) from err


def _prompts(arguments: argparse.Namespace) -> Iterator[tuple[str, str]]:
    if arguments.prompts and arguments.file:
        raise PromptError("Give prompts or --file, not both.")
    if arguments.prompts:
        return (("", prompt) for prompt in arguments.prompts)
    return _read(arguments.file or "-")


def _read(path: str) -> Iterator[tuple[str, str]]:
    """Yield each prompt of a file and where it stands; a line that begins with { is JSON with a `prompt` field."""
    if path == "-" and sys.stdin.isatty():
        print("lab: type prompts, one a line; Ctrl+D ends", file=sys.stderr)
    try:
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            for number, raw in enumerate(file, 1):
                where = f"{path}, line {number}"
                yield from ((where, prompt) for prompt in _line(where, raw))
    except OSError as err:
        raise PromptError(f"{path} cannot be read: {err.strerror}. Check the name.") from err


def _line(where: str, raw: bytes) -> Iterator[str]:
    try:
        text = raw.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as err:
        raise PromptError(f"{where}, byte {err.start} is not UTF-8. Convert the file first.") from err
    if not text.strip():
        return
    if not text.lstrip().startswith("{"):
        yield text
        return
    try:
        prompt = json.loads(text)["prompt"]
    except (ValueError, RecursionError) as err:
        raise PromptError(f"{where} begins like JSON but is not ({err}).") from err
    except KeyError as err:
        raise PromptError(f"{where} has no field `prompt`.") from err
    if not isinstance(prompt, str):
        raise PromptError(f"{where}: `prompt` is {type(prompt).__name__}, not text.")
    yield prompt


def _print(decision: Decision, version: RouterVersion, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_row(decision, version), ensure_ascii=False), flush=True)
        return
    score = "" if decision.score is None else f", score {decision.score:.3f}"
    prompt = " ".join(decision.prompt.split())
    shown = prompt if len(prompt) <= 80 else prompt[:79] + "…"
    print(f"{decision.expert} ({decision.layer}{score}, {decision.timings.overhead_ms:.2f} ms): {shown}", flush=True)


def _row(decision: Decision, version: RouterVersion) -> dict[str, Any]:
    return {
        "expert": decision.expert,
        "layer": decision.layer.value,
        "score": decision.score,
        "margin": decision.margin,
        "overhead_ms": round(decision.timings.overhead_ms, 4),
        "matches": [
            {"expert": one.expert, "pattern": one.pattern, "start": one.start, "end": one.end}
            for one in decision.matches
        ],
        "router_version": {
            "number": version.number,
            "name": version.name,
            "origin": version.origin,
            "content_hash": version.content_hash,
        },
        "prompt": decision.prompt,
    }


# --------------------------------------------------------------------------------------------------- app, set-up


def _app(arguments: argparse.Namespace) -> int:
    """Check what can be checked in a sentence, then become Streamlit."""
    from lab.config import REPOSITORY, compose, is_loopback, load_settings
    from lab.exchange import providers_of
    from lab.live import Routers
    from lab.store import open_store

    settings = load_settings()
    _check_address(arguments.host, arguments.port, settings.access_key)
    providers_of(compose(arguments.overrides, settings.conf_dir).providers)
    store = open_store(settings.database_url, settings.data_dir)
    Routers(store, settings, arguments.overrides).live()
    store.close()
    shown = "127.0.0.1" if arguments.host in ("0.0.0.0", "::") else arguments.host  # noqa: S104
    print(f"LLM Router Lab: http://{shown}:{arguments.port}   (Ctrl+C ends it)", flush=True)
    # whoever comes from farther away calls this machine by a name that is not known here, and brings the access key
    hosts = [] if is_loopback(arguments.host) else ["--server.allowedHosts=*"]
    command = [
        sys.executable, "-m", "streamlit", "run", "app.py",
        f"--server.address={arguments.host}", f"--server.port={arguments.port}",
        "--logger.level=warning", *hosts, "--", *arguments.overrides,
    ]  # fmt: skip
    os.chdir(REPOSITORY)
    os.execv(sys.executable, command)


def _check_address(host: str, port: int, access_key: str | None) -> None:
    import socket

    from lab.config import is_loopback

    if not is_loopback(host) and not access_key:
        raise ConfigError(
            f"Listening on {host} lets other machines in, and there is no access key. "
            "Set LAB_ACCESS_KEY to a secret of your own, or listen on 127.0.0.1."
        )
    if not 1 <= port <= 65535:
        raise ConfigError(f"The port is {port}; it must lie between 1 and 65535.")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as err:
        raise ConfigError(
            f"{host}:{port} cannot be listened on: {err.strerror}. "
            f"End what runs there, or take another port: make run PORT={port + 1}"
        ) from err


def _prepare(_: argparse.Namespace) -> int:
    from lab.config import load_settings
    from lab.encoders.minilm import prepare

    print(f"The encoder is ready in {prepare(load_settings().cache_dir)}")
    return 0
