"""The page over a real socket: what probes and Prometheus read of it, and what it refuses."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from reconciler.engine import metering, sampling
from reconciler.engine.metering import Metering
from reconciler.engine.news import Passed
from reconciler.engine.passes import Outcome, PassReport
from reconciler.engine.sampling import Sampling
from reconciler.model import metrics
from reconciler.model.faults import StateError
from reconciler.model.instants import Seconds
from reconciler.model.metrics import METRICS, Metric, MetricKind
from reconciler.model.plan import Plan
from reconciler.model.quantities import Bytes
from reconciler.model.settings import Listen
from reconciler.model.snapshot import Cause
from reconciler.model.working import SendArrived, SendFailed, SendStarted
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import State
from reconciler.tellers import page
from reconciler.tellers.page import Page, PageFault, Served
from tests.builders import NOW, receipt
from tests.conformance.notifying import OPS, sighting
from tests.conformance.steps import ANNA, Machine, claim, open_send
from tests.docs.pages import page as page_of
from tests.docs.pages import quoted, rows, sections
from tests.extras import said_without
from tests.planning.builders import WantedJob, World, package, site
from tests.views.working import send

LOOPBACK = "127.0.0.1"
LABELS = {metric.name: metric.labels for metric in METRICS}


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return NOW + self.now - 1000


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def meter(time: Time) -> Metering:
    return Metering(clock=time.clock, wall=time.wall)


@pytest.fixture
def state() -> MemoryState:
    return MemoryState(Machine().liveness)


@pytest.fixture
def sample(state: MemoryState, time: Time) -> Sampling:
    return Sampling(open_state=lambda: state, fleet=lambda: None, clock=time.clock, wall=time.wall)


@pytest.fixture
def address(meter: Metering, sample: Sampling) -> Iterator[str]:
    served = Served(
        health=meter.health,
        readiness=meter.readiness,
        families=lambda: [*meter.families(), *sample.families(meter.good_at)],
    )
    found = Page(Listen(host=LOOPBACK, port=0), served)
    yield found.address
    found.close()


def asked(address: str, request: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=20) as connection:
        connection.sendall(request)
        data = b""
        while more := connection.recv(65536):
            data += more
    return data


def get(address: str, path: str, *, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    lines = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": address} | headers).items())
    head, _, body = asked(address, f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()).partition(b"\r\n\r\n")
    status, *named = head.decode().splitlines()
    return int(status.split()[1]), body.decode(), dict(line.lower().split(": ", 1) for line in named)


def scraped(address: str) -> dict[tuple[str, ...], float]:
    """Name and label values → value, read by the official parser."""
    code, text, _ = get(address, "/metrics")
    assert code == 200
    return {
        (sample.name, *(sample.labels[label] for label in LABELS.get(found.name, ()) or sample.labels)): sample.value
        for found in prometheus(text)
        for sample in found.samples
    }


def passed(outcome: Outcome = Outcome.DONE, *, with_plan: bool = True) -> Passed:
    return Passed(report=PassReport(outcome=outcome, plan=a_plan() if with_plan else None, error="x"))


def a_plan() -> Plan:
    made = World().add(site("HQ1"), site("EU1", "HQ1"), site("DE1", "EU1"), package("P"), WantedJob("p", "P", ("all",)))
    return made.plan()


def test_it_is_well_while_the_loop_turns(address: str, meter: Metering, time: Time) -> None:
    assert get(address, "/healthz")[:2] == (200, "ok\n")
    time.now += metering.STALLED + 1
    assert get(address, "/healthz")[:2] == (503, "the loop has not turned for 301 s\n")
    meter.beat()
    assert get(address, "/healthz")[0] == 200
    meter.beating = lambda: False
    assert get(address, "/healthz")[0] == 503


def test_it_is_ready_once_the_active_watch_made_a_pass(address: str, meter: Metering) -> None:
    assert get(address, "/readyz")[:2] == (503, "standing by\n")
    meter.takes_over()
    assert get(address, "/readyz")[:2] == (503, "no pass was made yet\n")
    meter.told(passed(Outcome.FAILED))
    assert get(address, "/readyz")[:2] == (503, "no pass was good yet\n")
    meter.told(passed())
    assert get(address, "/readyz")[:2] == (200, "ok\n")
    meter.told(passed(Outcome.FAILED))
    assert get(address, "/readyz")[0] == 200
    meter.told(passed(Outcome.HELD))
    assert get(address, "/readyz")[:2] == (503, "the branch cannot be followed\n")
    meter.stands_by()
    assert get(address, "/readyz")[:2] == (503, "standing by: another watch makes the passes\n")


def test_what_the_parser_reads_is_what_happened(address: str, meter: Metering, time: Time, state: MemoryState) -> None:
    meter.takes_over()
    meter.told(replace(passed(), report=replace(passed().report, seconds=0.3)))
    meter.told(passed(Outcome.MOVED))
    meter.worked(SendStarted(at=NOW, send=send("till@DE1")))
    for _ in range(2):
        meter.worked(SendArrived(at=NOW, send=send("till@DE1"), bytes=Bytes(40), seconds=Seconds(1), proof="read-back"))
    meter.worked(SendFailed(at=NOW, send=send("till@EU1"), cause=Cause.PERMISSION, detail="no"))
    meter.fetched("")
    meter.fetched("no route")
    claim(state, open_send(state, "DE1"))
    open_send(state, "EU1")
    state.receive(receipt("cad@FR1", "D1 S1", at=NOW - 3600), ANNA)
    state.note(sighting("a"), OPS)
    time.now += 60
    now = scraped(address)
    assert now["reconciler_watcher_active",] == 1
    assert now["reconciler_last_good_pass_age_seconds",] == 60
    assert now["reconciler_passes_total", "done"] == 1
    assert now["reconciler_passes_total", "moved"] == 1
    assert now["reconciler_pass_duration_seconds_bucket", "0.25"] == 1
    assert now["reconciler_pass_duration_seconds_bucket", "0.5"] == 2
    assert now["reconciler_pass_duration_seconds_bucket", "+Inf"] == 2
    assert now["reconciler_pass_duration_seconds_sum",] == pytest.approx(0.3)
    assert now["reconciler_sent_bytes_total", "DE1"] == 80
    assert now["reconciler_send_attempts_total", "arrived", ""] == 2
    assert now["reconciler_send_attempts_total", "failed", "permission"] == 1
    assert now["reconciler_fetches_total", "done"] == now["reconciler_fetches_total", "failed"] == 1
    assert now["reconciler_last_fetch_age_seconds",] == 60
    assert now["reconciler_open_sends", "queued"] == now["reconciler_open_sends", "sending"] == 1
    assert now["reconciler_oldest_open_send_age_seconds",] == pytest.approx(60)
    assert now["reconciler_site_oldest_verification_age_seconds", "FR1"] == pytest.approx(3660)
    assert now["reconciler_site_latest_verification_age_seconds", "FR1"] == pytest.approx(3660)
    assert now["reconciler_workers_alive",] == 1
    assert now["reconciler_notifications_waiting", "ops"] == 1
    assert now["reconciler_state_up",] == 1


def test_pairs_and_jobs_are_those_of_the_last_plan(address: str, meter: Metering) -> None:
    plan = a_plan()
    meter.told(passed())
    now = scraped(address)
    told = {key[1:]: value for key, value in now.items() if key[0] == "reconciler_pairs"}
    assert sum(told.values()) == plan.summary.required > 0
    assert sum(value for (verdict, _), value in told.items() if verdict == "missing") == plan.summary.missing > 0
    assert sum(value for key, value in now.items() if key[0] == "reconciler_jobs") == len(plan.jobs)
    meter.told(passed(Outcome.FAILED, with_plan=False))
    assert told.items() <= {key[1:]: value for key, value in scraped(address).items()}.items()


def test_every_metric_is_on_the_page_and_in_the_reference_as_it_is_declared(
    address: str, meter: Metering, state: MemoryState
) -> None:
    text = get(address, "/metrics")[1]
    told = {found.name: (found.type, found.documentation) for found in prometheus(text)}
    assert told == {metric.name: (metric.kind.value, metric.help) for metric in METRICS}
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    shown = [
        (quoted(name)[0], kind, quoted(labels), words)
        for name, kind, labels, words in rows(sections(page_of("metrics.md"), 2)["Metrics"])
    ]
    assert shown == [(shown_name(each), each.kind.value, list(each.labels), each.help) for each in METRICS]


def shown_name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.kind is MetricKind.COUNTER else metric.name


def test_whoever_asks_for_openmetrics_gets_it(address: str, meter: Metering) -> None:
    meter.told(passed())
    code, text, headers = get(address, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert code == 200
    assert headers["content-type"].startswith("application/openmetrics-text")
    assert {found.name for found in open_metrics(text)} == {metric.name for metric in METRICS}


def test_a_name_from_data_stays_a_value(address: str, meter: Metering) -> None:
    site = 'x"} 1\nreconciler_watcher_active 7\\'
    meter.worked(SendArrived(at=NOW, send=send(f"till@{site}"), bytes=Bytes(1), seconds=Seconds(1), proof="p"))
    now = scraped(address)
    assert now["reconciler_sent_bytes_total", site] == 1
    assert now["reconciler_watcher_active",] == 0


def test_the_state_is_asked_once_in_a_while(time: Time, state: MemoryState) -> None:
    opened = []

    def open_state() -> State:
        opened.append(time.now)
        return state

    sample = Sampling(open_state=open_state, fleet=lambda: None, clock=time.clock, wall=time.wall)
    for _ in range(3):
        sample.families(None)
    time.now += sampling.EVERY
    sample.families(None)
    assert opened == [1000, 1000 + sampling.EVERY]


def test_nobody_waits_for_somebody_who_is_asking(time: Time, state: MemoryState) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def open_state() -> State:
        inside.set()
        assert go_on.wait(20)
        return state

    sample = Sampling(open_state=open_state, fleet=lambda: None, clock=time.clock, wall=time.wall)
    first = threading.Thread(target=sample.families, args=(None,))
    first.start()
    assert inside.wait(20)
    assert {each.metric: each.values for each in sample.families(None)}[metrics.STATE_UP] == {(): 0.0}
    go_on.set()
    first.join()


def test_a_state_that_does_not_answer_is_told(time: Time) -> None:
    def open_state() -> State:
        raise StateError("locked")

    sample = Sampling(open_state=open_state, fleet=lambda: None, clock=time.clock, wall=time.wall)
    assert {each.metric: each.values for each in sample.families(None)}[metrics.STATE_UP] == {(): 0.0}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_it_is_only_read(address: str, method: str) -> None:
    code, _, headers = get(address, "/healthz", method=method)
    assert (code, headers["allow"]) == (501, "get, head")


def test_head_is_get_without_the_body(address: str) -> None:
    full, short = get(address, "/healthz"), get(address, "/healthz", method="HEAD")
    assert (short[0], short[1]) == (full[0], "")
    assert short[2]["content-length"] == full[2]["content-length"]


def test_other_paths_are_not_there(address: str) -> None:
    assert get(address, "/../etc/passwd")[0] == 404
    assert get(address, "/")[0] == 200
    assert get(address, "/healthz?now")[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example.org", "evil.example.org:80", "192.0.2.1", "localhost.evil.example", "[::2]"]
)
def test_on_loopback_no_other_name_is_answered(address: str, host: str) -> None:
    assert get(address, "/metrics", Host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9464", "127.0.0.1", "[::1]:9464", "127.8.8.8"])
def test_on_loopback_each_name_of_it_is_answered(address: str, host: str) -> None:
    assert get(address, "/healthz", Host=host)[0] == 200


def test_a_connection_ends_with_its_answer(address: str) -> None:
    answer = asked(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n" * 2)
    assert answer.count(b"HTTP/1.0 200") == 1


@pytest.mark.parametrize(
    "request_", [b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_request_is_answered_without_quoting_it(address: str, request_: bytes) -> None:
    answer = asked(address, request_)
    assert b"xxxx" not in answer
    assert b"\xff" not in answer


def dribble(connection: socket.socket) -> None:
    """A byte now and then, until the other side has enough of it."""
    connection.settimeout(0.05)
    until = monotonic() + 8
    while monotonic() < until:
        try:
            connection.sendall(b"x")
            if connection.recv(1) == b"":
                return
        except TimeoutError:
            continue
        except OSError:
            return
    raise AssertionError("nobody minds")


def test_those_who_say_little_keep_nobody_out_for_long(
    meter: Metering, sample: Sampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "TIMEOUT", 0.3)
    monkeypatch.setattr(page, "AT_ONCE", 2)
    found = Page(Listen(host=LOOPBACK, port=0), Served(health=lambda: "", readiness=lambda: "", families=list))
    host, _, port = found.address.rpartition(":")
    idle = [socket.create_connection((host, int(port)), timeout=20) for _ in range(2)]
    try:
        for connection in idle:
            connection.sendall(b"GET /healthz HT")
        for connection in idle:
            dribble(connection)
        until = monotonic() + 20
        while not asked(found.address, b"GET /healthz HTTP/1.0\r\n\r\n"):  # their places are free any moment
            assert monotonic() < until
    finally:
        for connection in idle:
            connection.close()
        found.close()


def test_a_port_that_is_taken_is_named(address: str) -> None:
    port = int(address.rpartition(":")[2])
    with pytest.raises(PageFault, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
        Page(Listen(host=LOOPBACK, port=port), Served(health=str, readiness=str, families=list))


def test_it_listens_on_ipv6_too() -> None:
    found = Page(Listen(host="::1", port=0), Served(health=str, readiness=str, families=list))
    try:
        assert found.address.startswith("[::1]:")
        assert get(found.address, "/healthz")[0] == 200
    finally:
        found.close()


def test_a_missing_extra_is_named_with_what_to_do() -> None:
    code = (
        "from reconciler.tellers.page import Page, Served\n"
        "from reconciler.model.settings import Listen\n"
        "Page(Listen(host='127.0.0.1', port=0), Served(health=str, readiness=str, families=list))\n"
    )
    assert said_without("prometheus_client", code).endswith("pip install 'reconciler[metrics]'")
