"""Text that its schema lets through and that may still mean nothing: `2026-02-30T05:00:00Z` looks like a time."""

from collections.abc import Callable
from typing import TypeVar

from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.fields import Fields

Value = TypeVar("Value")


def value_of(
    candidate: Candidate, fields: Fields, key: str, parse: Callable[[str], Value], findings: Findings
) -> Value | None:
    """The value of the text at `key`; None where there is none, or where there is an error now."""
    text = fields.optional_text(key)
    if text is None:
        return None
    try:
        return parse(text)
    except (ValueError, OverflowError) as error:
        findings.error(candidate, fields.at(key), code="invalid-value", message=str(error))
        return None
