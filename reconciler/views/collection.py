"""What `gc` found in the stores, and what became of it, as text and as JSON."""

from collections.abc import Iterator, Sequence

from reconciler.model.collection import Action, Collected, Outcome, Step
from reconciler.model.instants import format_instant
from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.quantities import format_size
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted

STRANGERS_SHOWN = 3
"""Of one store, in the text."""

_PHRASES = {
    Outcome.READ: "read",
    Outcome.EMPTY: "no store yet",
    Outcome.BUSY: "busy",
    Outcome.FAILED: "left alone",
}
_INKS = {Outcome.READ: Ink.GREEN, Outcome.EMPTY: Ink.GREEN, Outcome.BUSY: Ink.YELLOW, Outcome.FAILED: Ink.RED}
_WIDTH = max(map(len, _PHRASES.values()))

_DONE = {Action.REMOVE: "removed", Action.LIFT: "lifted", Action.CONDEMN: "condemned", Action.DELETE: "deleted"}
_TO_DO = {Action.REMOVE: "to remove", Action.LIFT: "to lift", Action.CONDEMN: "to condemn", Action.DELETE: "to delete"}
_THINGS = {Action.REMOVE: "record or parcel", Action.LIFT: "mark", Action.CONDEMN: "file", Action.DELETE: "file"}
_MANY = {Action.REMOVE: "records and parcels"}


def collection_text(found: Sequence[Collected], *, color: bool, written: bool) -> str:
    """A line for each store, what is to be said of it, and the sum."""
    found = sorted(found, key=lambda one: one.site)
    width = max((cells(one.site) for one in found), default=0)
    lines = [line for one in found for line in _lines(one, width, color=color, written=written)]
    return "".join(f"{line}\n" for line in (*lines, *([""] if lines else ()), *_sum(found, written=written)))


def _lines(one: Collected, width: int, *, color: bool, written: bool) -> Iterator[str]:
    phrase = paint(left(_PHRASES[one.outcome], _WIDTH), _INKS[one.outcome], color=color)
    yield f"{left(one.site, width)}  {phrase}  {_said(one, written=written)}".rstrip()
    for step in one.of(Action.REMOVE):
        yield f"  {step.name}"
    for why in one.unsure:
        remedy = f"nothing is condemned here until `reconcile verify {one.site}` and a send heal it"
        yield f"  {render_untrusted(why)}: {remedy}"
    for failure in one.failures:
        yield f"  {failure.name}: {render_untrusted(failure.detail)}"
    for stranger in one.strangers[:STRANGERS_SHOWN]:
        yield f"  {render_untrusted(stranger.name)}: a {stranger.kind}, none of ours; left alone"
    if len(one.strangers) > STRANGERS_SHOWN:
        yield f"  {len(one.strangers) - STRANGERS_SHOWN:,} more that are none of ours"


def _said(one: Collected, *, written: bool) -> str:
    depot = "depot beside the state: " if one.beside else ""
    if one.outcome is not Outcome.READ:
        return f"{depot}{render_untrusted(one.detail)}".removesuffix(": ")
    words = _DONE if written else _TO_DO
    said = [f"{_amount(action, steps)} {words[action]}" for action in Action if (steps := one.of(action))]
    if one.failures:
        said.append(f"{len(one.failures):,} failed")
    if one.waiting and one.due is not None:
        waiting = f"{count(one.waiting, 'file')} ({format_size(one.waiting_bytes)})"
        said.append(f"{waiting} condemned before, to be deleted from {format_instant(one.due)} on")
    return depot + (", ".join(said) or "nothing that is not needed")


def _amount(action: Action, steps: Sequence[Step]) -> str:
    size = sum(step.bytes for step in steps)
    what = count(len(steps), _THINGS[action], _MANY.get(action, ""))
    return what if action in (Action.LIFT, Action.REMOVE) else f"{what} ({format_size(size)})"


def _sum(found: Sequence[Collected], *, written: bool) -> Iterator[str]:
    if not found:
        yield "No site has a store, and there is no depot: there is nothing to look at."
        return
    steps = [step for one in found for step in one.steps]
    freed = format_size(sum(step.bytes for step in steps if step.action is Action.DELETE))
    marked = format_size(sum(step.bytes for step in steps if step.action is Action.CONDEMN))
    if not written:
        if steps:
            yield f"{freed} may go now, {marked} a day after it is condemned."
        yield "Nothing was removed." + ("   Remove: reconcile gc --yes" if steps else "")
        return
    yield f"{freed} freed; {marked} condemned now, which a later `reconcile gc --yes` deletes."


def collection_json(found: Sequence[Collected], *, written: bool) -> dict[str, object]:
    """By site."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Collection",
        "written": written,
        "stores": [_store_json(one) for one in sorted(found, key=lambda one: one.site)],
    }


def _store_json(one: Collected) -> dict[str, object]:
    return {
        "site": one.site,
        "besideState": one.beside,
        "outcome": one.outcome.value,
        "detail": one.detail,
        "steps": [{"action": step.action.value, "name": step.name, "bytes": step.bytes} for step in one.steps],
        "failures": [{"name": failure.name, "detail": failure.detail} for failure in one.failures],
        "waiting": one.waiting,
        "waitingBytes": one.waiting_bytes,
        "due": "" if one.due is None else format_instant(one.due),
        "unsure": list(one.unsure),
        "strangers": [{"name": stranger.name, "kind": stranger.kind} for stranger in one.strangers],
    }
