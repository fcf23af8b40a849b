"""An HTTP server on loopback that answers as a test scripts it: byte for byte, and with the faults of real ones."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 30.0  # how long a script waits for the other side before it gives up


class Act(Enum):
    """What a script can do besides sending bytes."""

    HOLD = "say nothing until the client hangs up"
    CUT = "close the connection where it stands"
    RESET = "reset the connection where it stands"


@dataclass(frozen=True)
class Reply:
    """One response. `parts` are sent one chunk each; `before` happens before the status line."""

    parts: Sequence[bytes | Act | threading.Event] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Act | None = None


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: Any  # parsed JSON, or None


class ScriptedServer:
    """Answers each path with the replies scripted for it, in order; the last one stays.

    `asked` is set when a request has come; `hung_up` when a client closed the connection during a HOLD.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.asked = threading.Event()
        self.hung_up = threading.Event()
        self._closing = threading.Event()
        self._replies: dict[str, deque[Reply]] = defaultdict(deque)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def on(self, path: str, *replies: Reply) -> None:
        self._replies[path].extend(replies)

    def forget(self, path: str) -> None:
        """Drop what is scripted for a path, and the requests that came."""
        self._replies.pop(path, None)
        self.received.clear()

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()  # joins the threads of the connections

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def do_POST(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.command, request.path, headers, json.loads(body) if body else None))
        self.asked.set()
        replies = self._replies[request.path]
        reply = replies.popleft() if len(replies) > 1 else replies[0] if replies else Reply((b"nothing here",), 404)
        request.close_connection = True
        try:
            self._send(request, reply)
        except OSError:
            self.hung_up.set()

    def _send(self, request: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.before and not self._act(request.connection, reply.before):
            return
        request.send_response(reply.status)
        for name, value in {"Transfer-Encoding": "chunked", **reply.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        for part in reply.parts:
            if isinstance(part, threading.Event):
                part.wait(PATIENCE_S)
            elif isinstance(part, Act):
                if not self._act(request.connection, part):
                    return
            elif part:
                request.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        request.wfile.write(b"0\r\n\r\n")

    def _act(self, connection: socket.socket, act: Act) -> bool:
        """Do it, and say whether the reply goes on."""
        if act is Act.HOLD:
            for _ in range(int(PATIENCE_S / 0.02)):
                readable, _, _ = select.select([connection], [], [], 0.02)
                if readable and not connection.recv(1024):
                    self.hung_up.set()
                    break
                if self._closing.is_set():
                    break
        elif act is Act.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
