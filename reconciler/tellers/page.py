"""The page of `watch`: `/healthz`, `/readyz` and `/metrics`, for probes and for Prometheus. It is only read.

Whoever may connect may read it. Where it listens on loopback alone, a browser on the same machine might be led here by
somebody else's page under a name of theirs (DNS rebinding): then only names of loopback are answered.
"""

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.model.metrics import Family, Histogram, MetricKind
from reconciler.model.settings import Listen

if TYPE_CHECKING:
    from prometheus_client import Metric

TIMEOUT = 10.0
"""Seconds that a client has for its request and for taking the answer, however slowly it goes on."""

AT_ONCE = 16
"""Requests that are answered at a time; the others wait their turn in the system's queue, or are turned away."""

EXTRA = "metrics are served by prometheus-client, which is not installed: pip install 'reconciler[metrics]'"


class PageFault(Exception):
    """The page cannot be served; says why, and what to do."""


class PortTaken(PageFault):
    """Somebody else listens there, perhaps a watch that makes the passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the page shows: why it is not well and why it is not ready ("" if it is), and every metric."""

    health: Callable[[], str]
    readiness: Callable[[], str]
    families: Callable[[], Iterable[Family]]


class Page:
    """Serves in threads of its own until it is closed. Raises PageFault if it cannot."""

    def __init__(self, listen: Listen, served: Served) -> None:
        try:
            import prometheus_client  # noqa: F401 - said now, not when somebody asks
        except ImportError:
            raise PageFault(EXTRA) from None
        try:
            self._server = _Server(listen, served)
        except OSError as fault:
            kind = PortTaken if fault.errno == errno.EADDRINUSE else PageFault
            raise kind(f"cannot listen on {_joined(listen.host, listen.port)}: {fault.strerror}") from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="page", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """`HOST:PORT`, with the port that was chosen where 0 was asked for."""
        host, port = self._server.server_address[:2]
        return _joined(str(host), int(port))

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, listen: Listen, served: Served) -> None:
        self.served = served
        self.places = threading.BoundedSemaphore(AT_ONCE)
        found = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, *_, address = found[0]
        super().__init__((str(address[0]), int(address[1])), _Handler)
        self.names_loopback = ip_address(str(self.server_address[0]).partition("%")[0]).is_loopback

    def server_bind(self) -> None:
        """As its base has it, without asking the DNS what we are called."""
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002
        """Turn away whoever comes while all places are taken: their probe fails, and says so."""
        return self.places.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        cut = threading.Timer(TIMEOUT, _cut, (request,))
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self.places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or came too slowly, is nobody's fault."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout: ClassVar[float] = TIMEOUT
    protocol_version = "HTTP/1.0"  # each answer ends the connection: nobody holds one open
    server_version = "reconciler"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve(with_body=True)

    def do_HEAD(self) -> None:
        self._serve(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """A probe every few seconds is nothing to tell."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Without quoting the request."""
        self._answer(code, f"{HTTPStatus(code).phrase}\n", with_body=self.command != "HEAD")

    def _serve(self, *, with_body: bool) -> None:
        if self.server.names_loopback and not _is_loopback_name(self.headers.get("Host", "")):
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "this page is served to loopback alone\n", with_body=with_body)
            return
        served = self.server.served
        match self.path.partition("?")[0]:
            case "/healthz":
                self._tell(served.health(), with_body=with_body)
            case "/readyz":
                self._tell(served.readiness(), with_body=with_body)
            case "/metrics":
                kind, text = exposition(served.families(), self.headers.get("Accept", ""))
                self._answer(HTTPStatus.OK, text, kind=kind, with_body=with_body)
            case "/":
                self._answer(HTTPStatus.OK, "/healthz\n/readyz\n/metrics\n", with_body=with_body)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "there are /healthz, /readyz and /metrics\n", with_body=with_body)

    def _tell(self, why: str, *, with_body: bool) -> None:
        code = HTTPStatus.SERVICE_UNAVAILABLE if why else HTTPStatus.OK
        self._answer(code, f"{why or 'ok'}\n", with_body=with_body)

    def _answer(
        self, code: int, text: str | bytes, *, kind: str = "text/plain; charset=utf-8", with_body: bool = True
    ) -> None:
        body = text.encode() if isinstance(text, str) else text
        self.send_response(code)
        if code in (HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.METHOD_NOT_ALLOWED):
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def exposition(families: Iterable[Family], accept: str) -> tuple[str, bytes]:
    """The content type and the text that `accept` asks for: Prometheus' own, or OpenMetrics."""
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector, CollectorRegistry

    class Found(Collector):
        def collect(self) -> "Iterable[Metric]":
            return map(_metric, families)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Found())
    encode, kind = choose_encoder(accept)
    return kind, encode(registry)


def _metric(family: Family) -> "Metric":
    from prometheus_client.metrics_core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    metric, labels = family.metric, family.metric.labels
    if metric.kind is MetricKind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=labels)
        for names, value in sorted(family.values.items()):
            if isinstance(value, Histogram):
                histogram.add_metric(list(names), _buckets(value), sum_value=value.sum)
        return histogram
    kind = CounterMetricFamily if metric.kind is MetricKind.COUNTER else GaugeMetricFamily
    plain = kind(metric.name, metric.help, labels=labels)
    for names, value in sorted(family.values.items()):
        if not isinstance(value, Histogram):
            plain.add_metric(list(names), value)
    return plain


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus has them."""
    sums = [sum(histogram.counts[: end + 1]) for end in range(len(histogram.counts))]
    bounds = [(str(bound), float(at_most)) for bound, at_most in zip(histogram.bounds, sums, strict=True)]
    return [*bounds, ("+Inf", float(histogram.count))]


def _is_loopback_name(host: str) -> bool:
    """Of a `Host` header. One that is missing is of no browser."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.removeprefix("[").removesuffix("]").lower().removesuffix(".")
    if name in ("", "localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
