"""The part of GitHub's and GitLab's API that keeps comments, on a port of this machine; it checks who asks."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

Comment = dict[str, Any]
PAGE = 100


@dataclass
class Platform:
    """`me` is who the token belongs to, `comments` those of one request; a context manager that serves them.

    `asked` are the methods and paths so far, `credentials` the values of the headers that name the token.
    """

    me: Comment
    comments: list[Comment] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)

    def __enter__(self) -> "Platform":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """What the platform says; None for what it does not know."""
        self.asked.append(f"{method} {path}")
        if method == "GET" and path.endswith("/user"):
            return self.me
        if method == "GET":
            start = (int(query["page"][0]) - 1) * PAGE
            assert query["per_page"] == [str(PAGE)]
            return self.comments[start : start + PAGE]
        if method == "POST":
            made = {"id": 1000 + len(self.comments), "user": self.me, "author": self.me, **body}
            self.comments.append(made)
            return made
        known = next(comment for comment in self.comments if path.endswith(f"/{comment['id']}"))
        known.update(body)
        return known


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            platform.credentials |= {
                self.headers[name] for name in ("Authorization", "PRIVATE-TOKEN") if self.headers[name]
            }
            answer = json.dumps(platform.answer(self.command, parts.path, parse_qs(parts.query), body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815 - named by the standard library

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    return Handler
