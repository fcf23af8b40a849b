"""An OpenAI-compatible server on loopback that answers, and fails and stalls as often as it is told to."""

from __future__ import annotations

import hashlib
import json
import select
import socket
import struct
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = ("500", "429", "reset", "cut")
_LONGEST_S = 60.0  # that a stalled answer is held


class FlakyServer:
    """Answers `MODEL says PROMPT`, after `delay_s` seconds.

    A share of `fails` of the requests meets a 500, a 429 with Retry-After or a connection that is dropped, and a share
    of `stalls` a silence in mid-answer, until the client hangs up. Which ones is decided by prompt, model and how often
    this pair was asked, so the same run meets the same faults. `refusing` holds faults by prompt that never pass. A GET
    of any path tells what was asked, in order, and how often it did what.
    """

    def __init__(
        self, fails: float = 0.0, stalls: float = 0.0, *, delay_s: float = 0.0, retry_after_s: float = 0.02
    ) -> None:
        self.fails, self.stalls, self.delay_s, self.retry_after_s = fails, stalls, delay_s, retry_after_s
        self.refusing: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []  # prompt and model of each request, in order
        self.requests: list[dict[str, Any]] = []
        self.faults: Counter[str] = Counter()
        self.most_at_once = 0
        self.reached = threading.Event()  # set when `reach` requests have come
        self.reach = 0
        self._now = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> FlakyServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Go away, as a server that was killed does; once more changes nothing."""
        if not self._closing.is_set():
            self._closing.set()
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                try:
                    outer._answer(self, body)
                except OSError:
                    pass  # the client has hung up
                finally:
                    with outer._lock:
                        outer._now -= 1

            def do_GET(self) -> None:
                with outer._lock:
                    told = json.dumps({"asked": outer.asked, "faults": outer.faults}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _fate(self, prompt: str, model: str) -> str:
        with self._lock:
            nth = self.asked.count((prompt, model)) if self.fails or self.stalls else 0
            self.asked.append((prompt, model))
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            if self.reach and len(self.asked) >= self.reach:
                self.reached.set()
            digest = hashlib.sha256(f"{prompt}\0{model}\0{nth}".encode()).digest()
            at, which = int.from_bytes(digest[:4], "big") / 2**32, digest[4] % len(FAULTS)
            fate = self.refusing.get(prompt) or (
                FAULTS[which] if at < self.fails else "stall" if at < self.fails + self.stalls else "answer"
            )
            self.faults[fate] += 1
            return fate

    def _answer(self, request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        prompt, model = body["messages"][-1]["content"], body["model"]
        self.requests.append(body)
        fate = self._fate(prompt, model)
        if self.delay_s:
            time.sleep(self.delay_s)
        if self._closing.is_set() or fate == "reset":
            return _reset(request.connection)
        if fate in ("500", "429", "404", "400"):
            return self._refuse(request, int(fate))
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.end_headers()
        words = "" if fate == "empty" else f"{model} says {prompt}"
        request.wfile.write(_event({"content": words[: len(words) // 2]}))
        if fate == "stall":
            return self._hold(request.connection)
        if fate == "cut":
            return None
        request.wfile.write(_event({"content": words[len(words) // 2 :]}))
        request.wfile.write(_event({}, "length" if fate == "length" else "stop") + b"data: [DONE]\n\n")
        return None

    def _refuse(self, request: BaseHTTPRequestHandler, status: int) -> None:
        request.send_response(status)
        if status == 429:
            request.send_header("Retry-After", str(self.retry_after_s))
        request.end_headers()
        said = "no such model" if status == 404 else "no luck"
        request.wfile.write(json.dumps({"error": {"message": said}}).encode())

    def _hold(self, connection: socket.socket) -> None:
        end = time.monotonic() + _LONGEST_S
        while not self._closing.is_set() and time.monotonic() < end:
            readable, _, _ = select.select([connection], [], [], 0.02)
            if readable and not connection.recv(1024):
                return


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    record = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "fake", "choices": [choice]}
    return b"data: " + json.dumps(record).encode() + b"\n\n"


if __name__ == "__main__":  # for whoever wants it in a process of its own: `flaky_server.py fails stalls delay_s`
    with FlakyServer(*map(float, sys.argv[1:3]), delay_s=float(sys.argv[3])) as server:
        print(server.url, flush=True)
        sys.stdin.read()
