"""Readiness as text and as JSON."""

from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.readiness import NotReady, Readiness
from reconciler.views.untrusted import render_untrusted

NAMED = 3
"""Pairs that a waiting gate names."""


def readiness_text(readiness: Readiness) -> str:
    """One line if ready; else one line for each pair that is not, with its reasons."""
    subject = render_untrusted(readiness.subject)
    if readiness.is_ready:
        return f"{subject} is ready ({readiness.required} of {readiness.required})\n"
    note = f": {readiness.note}" if readiness.note else ""
    lines = [f"{subject} is not ready: {len(readiness.missing)} of {readiness.required} missing{note}"]
    lines += [f"  {_pair(pair)}" for pair in readiness.missing]
    return "".join(f"{line}\n" for line in lines)


def waiting_text(readiness: Readiness) -> str:
    """What is still waited for, in one line: the first pairs by name."""
    missing = readiness.missing
    more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
    named = "; ".join(_pair(pair) for pair in missing[:NAMED])
    return f"waiting for {len(missing):,} of {readiness.required:,}: {named}{more}"


def _pair(pair: NotReady) -> str:
    facts = (pair.verdict, ", ".join(pair.reasons), pair.detail, pair.send_only_job)
    return f"{pair.package}@{pair.site}  {'  '.join(render_untrusted(fact) for fact in facts if fact)}"


def readiness_json(readiness: Readiness) -> dict[str, object]:
    """The words are those of the plan."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Readiness",
        "subject": readiness.subject,
        "ready": readiness.is_ready,
        "required": readiness.required,
        "missing": [
            {
                "package": pair.package,
                "site": pair.site,
                "verdict": pair.verdict,
                "reasons": list(pair.reasons),
                "detail": pair.detail,
                "sendOnlyJob": pair.send_only_job,
            }
            for pair in readiness.missing
        ],
        "note": readiness.note,
    }
