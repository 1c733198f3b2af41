"""Plain scalars by the rules of manifests.md, not by YAML 1.1: `no`, `on`, `012`, `1e3` and `22:00` are text."""

import re
from functools import lru_cache

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")

_NUMBER = re.compile(rf"{INTEGER.pattern}|{DECIMAL.pattern}")

LIMIT = 2**53
"""Numbers beyond this are not the same in every JSON reader; none of our fields needs one."""

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

BEGINNINGS = frozenset(("", *"~ntf-0123456789"))
"""A plain scalar is its own text unless its first character (or its having none) is one of these: spares a look-up."""


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that only an escape can bring into a text, and nobody wants there."""


class NumberOutOfRange(ValueError):
    """A number beyond `LIMIT`."""


def plain(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar; a decimal without fraction is an integer, as in JSON Schema."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        if len(text) > 17 or abs(int(text)) > LIMIT:
            raise NumberOutOfRange
        return int(text)
    if DECIMAL.fullmatch(text):
        number = float(text)
        if abs(number) > LIMIT:
            raise NumberOutOfRange
        return int(number) if number.is_integer() else number
    return text


@lru_cache(maxsize=256)
def plain_key(text: str) -> str | None:
    """A plain scalar as a key: always the same object for the same text, as keys repeat; None if it may not be one.

    A key is text; the merge key `<<` is none of ours.
    """
    return text if text != "<<" and text not in WORDS and not _NUMBER.fullmatch(text) else None
