"""Labels, as in Kubernetes: an optional DNS prefix and a name for the key, a short word or nothing for the value."""

import re

_WORD = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_DNS = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

KEY = re.compile(rf"({_DNS}(\.{_DNS})*/)?{_WORD}")
"""The pattern of a label's key, always used with `fullmatch`; its prefix has at most `PREFIX_LENGTH` characters."""

VALUE = re.compile(rf"({_WORD})?")
"""The pattern of a label's value, always used with `fullmatch`."""

PREFIX_LENGTH = 253


def is_key(text: str) -> bool:
    """Whether `text` may be the key of a label."""
    return KEY.fullmatch(text) is not None and text.find("/") <= PREFIX_LENGTH


def is_value(text: str) -> bool:
    """Whether `text` may be the value of a label."""
    return VALUE.fullmatch(text) is not None
