"""Times are the site's own, and say their day as people do."""

import pytest

from reconciler.model.instants import parse_instant
from reconciler.views.moments import about, bare_moment, moment, since

NOW = parse_instant("2026-11-24T15:02:00Z")


@pytest.mark.parametrize(
    ("instant", "zone", "said"),
    [
        ("2026-11-24T18:00:00Z", "Europe/Berlin", "19:00 CET"),
        ("2026-11-24T21:00:00Z", "Europe/Berlin", "tonight 22:00 CET"),
        ("2026-11-25T18:00:00Z", "Europe/Berlin", "tomorrow 19:00 CET"),
        ("2026-11-24T23:00:00Z", "Europe/Berlin", "tomorrow 00:00 CET"),
        ("2026-11-24T23:00:00Z", "America/New_York", "18:00 EST"),
        ("2026-11-27T03:10:00Z", "Europe/Berlin", "Fri 04:10 CET"),
        ("2026-12-24T03:10:00Z", "Europe/Berlin", "2026-12-24 04:10 CET"),
        ("2026-11-24T18:00:00Z", "America/Sao_Paulo", "15:00 UTC-03"),
        ("2026-11-24T18:00:00Z", "UTC", "18:00 UTC"),
        ("2026-11-24T15:30:00Z", "Asia/Tokyo", "00:30 JST"),
    ],
)
def test_a_moment_is_said_in_the_zone_of_the_site(instant: str, zone: str, said: str) -> None:
    assert moment(parse_instant(instant), now=NOW, zone=zone) == said


def test_an_hour_that_exists_twice_is_told_apart_by_its_zone() -> None:
    now = parse_instant("2026-10-24T22:00:00Z")
    told = [moment(parse_instant(f"2026-10-25T0{hour}:30:00Z"), now=now, zone="Europe/Berlin") for hour in (0, 1)]
    assert told == ["02:30 CEST", "02:30 CET"]


def test_estimates_and_starts_say_their_day() -> None:
    evening = parse_instant("2026-11-24T19:26:00Z")
    assert about(evening, now=NOW, zone="Europe/Berlin") == "today about 20:26 CET"
    assert about(evening + 86400, now=NOW, zone="Europe/Berlin") == "tomorrow about 20:26 CET"
    assert bare_moment(evening + 3600, now=NOW, zone="Europe/Berlin") == "tonight 21:26"
    assert since(evening + 3600, now=evening + 7200, zone="Europe/Berlin") == "since 21:26 CET"
    assert since(NOW - 86400, now=NOW, zone="Europe/Berlin") == "since yesterday 16:02 CET"
    assert since(NOW - 4 * 86400, now=NOW, zone="Europe/Berlin") == "since Fri 16:02 CET"
