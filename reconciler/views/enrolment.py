"""What came of enrolling stores: a line for each site, with what the store was then found to hold."""

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.model.enrolment import Enrolled, Enrolment
from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.quantities import format_size
from reconciler.model.verification import Answer, Effect
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted
from reconciler.views.verification import holding_word, site_json

_PHRASES = {
    Enrolled.ALREADY: "is enrolled already",
    Enrolled.ACCEPTED: "accepted",
    Enrolled.MADE: "made its store",
    Enrolled.TAKEN_OVER: "taken over",
    Enrolled.REFUSED: "refused",
    Enrolled.BUSY: "busy",
    Enrolled.SILENT: "could not be asked",
}


def enrolment_text(enrolments: Sequence[Enrolment], *, color: bool, written: bool) -> str:
    """By site; nothing to do is said, too."""
    enrolments = sorted(enrolments, key=lambda one: one.site)
    if not enrolments:
        return "Every store is the one enrolled, or waits for its first send: nothing to enroll.\n"
    width = max(cells(one.site) for one in enrolments)
    lines = [line for one in enrolments for line in _lines(one, width, color=color)]
    if not written:
        lines.append("Nothing was written.")
    return "".join(f"{line}\n" for line in lines)


def _lines(one: Enrolment, width: int, *, color: bool) -> Iterator[str]:
    ink = Ink.GREEN if one.enrolled.is_enrolled else Ink.RED
    told = "; ".join(part for part in (_held(one), _sends(one), render_untrusted(one.detail)) if part)
    yield f"{left(one.site, width)}  {paint(_PHRASES[one.enrolled], ink, color=color)}{f': {told}' if told else ''}"
    for pair in one.look.pairs if one.look is not None else ():
        if pair.why:
            yield f"  {pair.package}@{pair.site}  {holding_word(pair.found)}  {render_untrusted(pair.why)}"
        elif pair.effect is Effect.MOVED:
            yield f"  {pair.package}@{pair.site}  moved on meanwhile: not counted; `reconcile verify {pair.site}`"


def _held(one: Enrolment) -> str:
    if one.look is None:
        return ""
    found = Counter(holding_word(pair.found) for pair in one.look.pairs)
    listed = ", ".join(f"{number:,} {word}" for word, number in sorted(found.items())) or "nothing staged"
    return f"{listed}, {format_size(one.look.bytes)} read"


def _sends(one: Enrolment) -> str:
    told = []
    if one.superseded:
        told.append(f"{count(one.superseded, 'open send')} superseded by what is there")
    if one.released:
        told.append(f"{count(one.released, 'send')} that waited may go on")
    return ", ".join(told)


def enrolment_json(enrolments: Sequence[Enrolment]) -> dict[str, object]:
    """By site; `store` is left out where nothing was read."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Enrolment",
        "sites": [_json(one) for one in sorted(enrolments, key=lambda one: one.site)],
    }


def _json(one: Enrolment) -> dict[str, object]:
    document: dict[str, object] = {
        "site": one.site,
        "outcome": one.enrolled.value,
        "detail": one.detail,
        "superseded": one.superseded,
        "released": one.released,
    }
    if one.look is not None and one.look.answer is Answer.READ:
        document["store"] = site_json(one.look)
    return document
