import pytest

from reconciler.model.instants import Seconds
from reconciler.model.settings import Retry
from reconciler.model.snapshot import Cause
from reconciler.senders.retrying import backoff

RETRY = Retry(first=Seconds(30), factor=2.0, max=Seconds(900))
ALMOST = 1 - 2**-40

ORDINARY = {1: 30, 2: 60, 3: 120, 4: 240, 5: 480, 6: 900, 7: 900, 10**6: 900}
"""The longest wait after so many attempts, not quite reached."""

CLASSES = {
    Cause.NETWORK: ORDINARY,
    Cause.SPACE: ORDINARY,
    Cause.STORE_MISMATCH: ORDINARY,
    Cause.CORRUPT: ORDINARY,
    Cause.SOURCE_MISSING: ORDINARY,
    Cause.SOURCE_CHANGED: ORDINARY,
    Cause.WINDOW: ORDINARY,
    Cause.RATE: ORDINARY,
    Cause.PERMISSION: dict.fromkeys(ORDINARY, 900),
    Cause.AUTHENTICATION: dict.fromkeys(ORDINARY, 4500),
    Cause.SITE_REMOVED: dict.fromkeys(ORDINARY),
}
SHORTEST = {Cause.PERMISSION: 450, Cause.AUTHENTICATION: 3600}
"""What is drawn at the least; a second for the others."""


@pytest.mark.parametrize("cause", Cause)
def test_L21_each_cause_has_its_class(cause: Cause) -> None:
    for attempts, longest in CLASSES[cause].items():
        if longest is None:
            assert backoff(cause, attempts, RETRY, draw=0.5) is None
            continue
        waits = [backoff(cause, attempts, RETRY, draw=draw) or 0 for draw in (0.0, 0.25, 0.5, 0.75, ALMOST)]
        assert waits == sorted(set(waits))
        assert (waits[0], waits[-1]) == (SHORTEST.get(cause, 1), longest - 1)


@pytest.mark.parametrize("cause", Cause)
def test_what_is_permanent_is_not_tried_again(cause: Cause) -> None:
    assert backoff(cause, 1, RETRY, draw=0.5, permanent=True) is None


def test_L24_wrong_credentials_are_tried_once_an_hour_at_most() -> None:
    quick = Retry(first=Seconds(1), factor=1.0, max=Seconds(1))
    for draw in (0.0, 0.5, ALMOST):
        assert (backoff(Cause.AUTHENTICATION, 1, quick, draw=draw) or 0) >= 3600


@pytest.mark.parametrize(("factor", "longest"), [(1.0, 30), (1.5, 45), (10.0, 300)])
def test_the_factor_counts(factor: float, longest: int) -> None:
    retry = Retry(first=Seconds(30), factor=factor, max=Seconds(900))
    assert backoff(Cause.NETWORK, 2, retry, draw=ALMOST) == longest - 1


def test_no_wait_is_longer_than_the_longest_even_at_first() -> None:
    retry = Retry(first=Seconds(3600), factor=2.0, max=Seconds(60))
    assert backoff(Cause.SPACE, 1, retry, draw=ALMOST) == 59
