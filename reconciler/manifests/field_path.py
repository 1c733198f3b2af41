"""The path of a field as people read it: `spec.targets[0].names`."""

import json
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,63}")


def dotted(path: Iterable[str | int]) -> str:
    """Fields joined by dots, places in lists in brackets, other keys quoted: `metadata.labels["example.org/tier"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text
