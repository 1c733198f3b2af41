"""Sizes, rates, durations and shares: the text of a manifest to numbers, and numbers to text.

Manifests write `500MB`, `2GiB`, `20Mbit/s`, `12h`, `30%` (manifests.md, "Names"); inside there are only
bytes, bits per second, seconds and per cent.
"""

import re
from typing import NewType

from reconciler.model.instants import Seconds

Bytes = NewType("Bytes", int)
BitsPerSecond = NewType("BitsPerSecond", int)
Percent = NewType("Percent", float)

SIZE = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)")
RATE = re.compile(r"([1-9][0-9]{0,8})(\.[0-9]{1,3})?(bit|kbit|Mbit|Gbit)/s")
DURATION = re.compile(r"(0|[1-9][0-9]{0,8})(s|m|h|d)")
SHARE = re.compile(r"(100|[1-9]?[0-9])(\.[0-9]{1,2})?%")

_SIZES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_RATES = {"bit": 1, "kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9}
_DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _parts(pattern: re.Pattern[str], text: str, wanted: str) -> tuple[float, str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not {wanted}")
    unit = found[found.lastindex or 0]
    return float(text.removesuffix("/s").removesuffix(unit)), unit


def parse_size(text: str) -> Bytes:
    """Bytes of `500MB` or `2GiB`; raises ValueError."""
    number, unit = _parts(SIZE, text, "a size such as 500MB or 2GiB")
    return Bytes(int(number * _SIZES[unit]))


def parse_rate(text: str) -> BitsPerSecond:
    """Bits per second of `20Mbit/s`; raises ValueError, also for zero (Q136032)."""
    number, unit = _parts(RATE, text, "a rate such as 20Mbit/s")
    return BitsPerSecond(int(number * _RATES[unit]))


def parse_duration(text: str) -> Seconds:
    """Seconds of `30s`, `12h`, `7d`; raises ValueError."""
    number, unit = _parts(DURATION, text, "a duration such as 30s, 12h or 7d")
    return Seconds(int(number) * _DURATIONS[unit])


def parse_share(text: str) -> Percent:
    """Per cent of `30%`; raises ValueError."""
    if SHARE.fullmatch(text) is None or float(text[:-1]) > 100:
        raise ValueError(f"{text!r} is not a share such as 30%")
    return Percent(float(text[:-1]))


def format_size(size: int) -> str:
    """`38.4 MiB`: one decimal from KiB on, at most four digits."""
    if size < 1024:
        return f"{size} B"
    number = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        number /= 1024
        if number < 999.95 or unit == "TiB":
            return f"{number:,.1f} {unit}"
    raise AssertionError("unreachable")


def format_rate(rate: int) -> str:
    """`20 Mbit/s`, `512 kbit/s`: one decimal at most."""
    number, unit = float(rate), "bit/s"
    for unit in ("bit/s", "kbit/s", "Mbit/s", "Gbit/s"):
        if number < 999.95 or unit == "Gbit/s":
            break
        number /= 1000
    return f"{number:,.1f}".removesuffix(".0") + f" {unit}"


def format_duration(seconds: int) -> str:
    """`under 1 min`, `5 min`, `1 h 26 min`, `3 days`: what a person reads, rounded up to whole minutes."""
    if seconds < 60:
        return "under 1 min"
    minutes = -(-seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} days"


def format_share(share: float) -> str:
    """`30%`, `33.3%`."""
    return f"{share:.1f}".removesuffix(".0") + "%"
