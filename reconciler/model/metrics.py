"""What is measured: the table of all metrics, and the values of one moment.

docs/reference/metrics.md has a row for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class MetricKind(Enum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """`name` has its unit at the end; the page adds `_total` to a counter."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many values were at most so large, for each bound; all of them, and their sum."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    count: int
    sum: float


Values = Mapping[tuple[str, ...], float | Histogram]
"""Values of the labels, in their order → the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric at one moment."""

    metric: Metric
    values: Values


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=name, kind=MetricKind.GAUGE, help=text, labels=labels)


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=name, kind=MetricKind.COUNTER, help=text, labels=labels)


BUILD = _gauge("reconciler_build_info", "Always 1; the version is a label.", "version")
COMMIT = _gauge("reconciler_commit_info", "Always 1; the commit and the branch of the last pass.", "commit", "branch")
ACTIVE = _gauge("reconciler_watcher_active", "1 while this process makes the passes, 0 while it stands by.")
BEAT_AGE = _gauge("reconciler_last_beat_age_seconds", "Seconds since the loop of the passes turned.")

PAIRS = _gauge(
    "reconciler_pairs",
    "Required pairs of a package and a site, by verdict and reason, as of the last plan.",
    "verdict",
    "reason",
)
JOBS = _gauge("reconciler_jobs", "Desired jobs by verdict, as of the last plan.", "verdict")
SEND_ONLY_JOBS = _gauge(
    "reconciler_send_only_jobs", "Send-only jobs with an open send, by the state that is furthest on.", "state"
)
OPEN_SENDS = _gauge("reconciler_open_sends", "Open sends by state.", "state")
OLDEST_WAITING = _gauge("reconciler_oldest_open_send_age_seconds", "Seconds since the oldest open send was recorded.")
SENT = _counter(
    "reconciler_sent_bytes",
    "Bytes that travelled to a site in sends of this process, counted when the send arrives.",
    "site",
)
SENDS_ENDED = _counter(
    "reconciler_send_attempts",
    "Attempts of this process at sends, by how they ended and, if they did not arrive, why.",
    "outcome",
    "cause",
)

PASSES = _counter("reconciler_passes", "Passes of this process by outcome.", "outcome")
PASS_SECONDS = Metric(
    name="reconciler_pass_duration_seconds",
    kind=MetricKind.HISTOGRAM,
    help="How long the passes of this process took.",
)
GOOD_PASS_AGE = _gauge(
    "reconciler_last_good_pass_age_seconds", "Seconds since a pass ended `done`, by this process or another."
)
DIAGNOSTICS = _gauge("reconciler_diagnostics", "What is wrong with the manifests, as of the last pass.", "severity")

FETCHES = _counter("reconciler_fetches", "Fetches of this process by outcome, `done` or `failed`.", "outcome")
FETCH_AGE = _gauge("reconciler_last_fetch_age_seconds", "Seconds since a fetch of this process was `done`.")

VERIFICATION_AGE = _gauge(
    "reconciler_site_oldest_verification_age_seconds",
    "Seconds since the verification of what a site holds that is longest ago.",
    "site",
)
LATEST_VERIFICATION_AGE = _gauge(
    "reconciler_site_latest_verification_age_seconds", "Seconds since anything a site holds was verified.", "site"
)
OVERDUE = _gauge("reconciler_sites_overdue", "Sites that hold something not verified within their `verify.every`.")

WORKERS = _gauge("reconciler_workers_alive", "Processes that carry out sends and are alive.")
NOTIFICATIONS = _gauge("reconciler_notifications_waiting", "Notifications that are to be delivered.", "notifier")
STATE_UP = _gauge("reconciler_state_up", "1 if the state could be asked, 0 if what it says is missing here.")

METRICS = (
    BUILD,
    COMMIT,
    ACTIVE,
    BEAT_AGE,
    PAIRS,
    JOBS,
    SEND_ONLY_JOBS,
    OPEN_SENDS,
    OLDEST_WAITING,
    SENT,
    SENDS_ENDED,
    PASSES,
    PASS_SECONDS,
    GOOD_PASS_AGE,
    DIAGNOSTICS,
    FETCHES,
    FETCH_AGE,
    VERIFICATION_AGE,
    LATEST_VERIFICATION_AGE,
    OVERDUE,
    WORKERS,
    NOTIFICATIONS,
    STATE_UP,
)
"""All of them, in the order of the page."""
