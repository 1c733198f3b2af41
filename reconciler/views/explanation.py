"""An explanation as text and as JSON."""

from reconciler.model.explanation import Explanation, Fact
from reconciler.model.plan import FORMAT_VERSION
from reconciler.views.receipts import receipt_json, receipt_text
from reconciler.views.untrusted import render_untrusted


def explanation_text(explanation: Explanation) -> str:
    """The verdict, the facts by section with the place of each, what would change it."""
    lines = [f"{render_untrusted(explanation.subject)}: {render_untrusted(explanation.verdict)}"]
    for section in explanation.sections:
        if not section.facts:
            continue
        lines += ["", section.title]
        width = max((len(fact.name) for fact in section.facts), default=0)
        for fact in section.facts:
            place = _place(fact)
            value = f"  {render_untrusted(fact.name):<{width}}  {render_untrusted(fact.value)}"
            lines.append(f"{value}   ({place})" if place else value)
    if explanation.receipts:
        lines += ["", "Receipts"]
        lines += [f"  {one.number}  {render_untrusted(receipt_text(one))}" for one in explanation.receipts]
    if explanation.remedies:
        lines += ["", "What would change it", *(f"  {render_untrusted(remedy)}" for remedy in explanation.remedies)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _place(fact: Fact) -> str:
    if fact.where is not None:
        return render_untrusted(f"{fact.where.file}:{fact.where.line}")
    return render_untrusted(fact.origin)


def explanation_json(explanation: Explanation) -> dict[str, object]:
    """The same with line and column."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Explanation",
        "subject": explanation.subject,
        "verdict": explanation.verdict,
        "sections": [
            {"title": section.title, "facts": [_fact(fact) for fact in section.facts]}
            for section in explanation.sections
        ],
        "receipts": [receipt_json(receipt) for receipt in explanation.receipts],
        "remedies": list(explanation.remedies),
    }


def _fact(fact: Fact) -> dict[str, object]:
    place = fact.where
    return {
        "name": fact.name,
        "value": fact.value,
        "origin": fact.origin,
        "sourceRef": None if place is None else {"file": place.file, "line": place.line, "column": place.column},
    }
