"""A real HTTP server on loopback that keeps what it is sent, and answers as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.model.notifications import Letter
from reconciler.model.settings import EventKind


@dataclass(slots=True)
class Receiver:
    """`answers` are the statuses of the next answers, in order; then 204."""

    url: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    location: str = ""
    before_answer: Callable[[], object] = lambda: None
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def wait(self, number: int = 1) -> None:
        """Until so many more arrived."""
        for _ in range(number):
            assert self.arrived.acquire(timeout=20), "nothing arrived"

    @property
    def ids(self) -> list[str]:
        return [headers["x-reconciler-delivery"] for _, headers, _ in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with suppress(ConnectionError):  # whoever sent it was killed
                self._take()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((self.path, headers, body))
            receiver.before_answer()
            receiver.arrived.release()
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LETTER = Letter(
    id="7c" * 16,
    event=EventKind.SEND_FAILED,
    title="reconciler: 1 send failed",
    text="till@DE1: permission",
    body=b'{"event":"send-failed"}',
)
