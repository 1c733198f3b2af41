"""Readiness as text and as JSON."""

from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.readiness import Readiness
from reconciler.views.untrusted import render_untrusted


def readiness_text(readiness: Readiness) -> str:
    """One line if ready; else one line for each pair that is not, with its reasons."""
    subject = render_untrusted(readiness.subject)
    if readiness.is_ready:
        return f"{subject} is ready ({readiness.required} of {readiness.required})\n"
    note = f": {readiness.note}" if readiness.note else ""
    lines = [f"{subject} is not ready: {len(readiness.missing)} of {readiness.required} missing{note}"]
    for pair in readiness.missing:
        facts = [pair.verdict, ", ".join(pair.reasons), pair.detail, pair.send_only_job]
        lines.append(f"  {pair.package}@{pair.site}  {'  '.join(render_untrusted(fact) for fact in facts if fact)}")
    return "".join(f"{line}\n" for line in lines)


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
