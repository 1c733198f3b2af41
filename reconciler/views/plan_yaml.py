"""A plan as a stream of Job manifests: to be piped, stored, reviewed, committed (manifests.md)."""

import re
from collections.abc import Iterator, Mapping

from reconciler.model.plan import Plan
from reconciler.views.manifests import manifest_of
from reconciler.views.untrusted import render_untrusted

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_MISREAD = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
"""What some reader of YAML 1.1 or 1.2 takes for something else than text."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plan_yaml(plan: Plan) -> str:
    """One document per send-only job, in the order of the JSON; one comment line when there are none."""
    if not plan.send_only_jobs:
        return f"# {render_untrusted(plan.id)}: no send-only jobs\n"
    return "".join("---\n" + "".join(_lines(manifest_of(job, plan.source))) for job in plan.send_only_jobs)


def _lines(mapping: Mapping[str, object], indent: str = "") -> Iterator[str]:
    for key, value in mapping.items():
        start = f"{indent}{scalar(key)}:"
        if isinstance(value, Mapping):
            yield f"{start}\n"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{start}\n"
            yield from _items(value, indent + "  ")
        else:
            yield f"{start} {scalar(str(value))}\n"


def _items(values: list[object], indent: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping):
            first, *others = _lines(value, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from others
        else:
            yield f"{indent}- {scalar(str(value))}\n"


def scalar(text: str) -> str:
    """`text` as one scalar: plain if every reader takes it for that string, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _MISREAD:
        return text
    return f'"{"".join(_quoted(character) for character in text)}"'


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
