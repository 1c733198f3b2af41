"""What no job needs at the sites, and what became of it, as text and as JSON."""

from collections.abc import Iterator, Sequence

from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.pruning import Fate, Pruning, Unreached
from reconciler.model.quantities import format_size
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted

_PHRASES = {
    Fate.PRUNABLE: "not needed",
    Fate.PRUNED: "removed",
    Fate.NEEDED: "stays",
    Fate.IN_FLIGHT: "stays",
    Fate.FAILED: "not removed",
}
_INKS = {
    Fate.PRUNABLE: Ink.YELLOW,
    Fate.PRUNED: Ink.GREEN,
    Fate.NEEDED: Ink.GREEN,
    Fate.IN_FLIGHT: Ink.GREEN,
    Fate.FAILED: Ink.RED,
}
_WIDTH = max(map(len, _PHRASES.values()))


def pruning_text(found: Sequence[Pruning], unreached: Sequence[Unreached], *, color: bool, written: bool) -> str:
    """A line for each package at a site, by package; then the stores out of reach, and the sum."""
    found = sorted(found, key=lambda one: (one.package, one.site))
    width = max((cells(_pair(one)) for one in found), default=0)
    lines = [line for one in found for line in _lines(one, width, color=color)]
    lines += [f"{one.site} was not looked at: {render_untrusted(one.detail)}" for one in unreached]
    return "".join(f"{line}\n" for line in (*lines, *([""] if lines else ()), *_sum(found, written=written)))


def _pair(one: Pruning) -> str:
    return f"{one.package}@{one.site}"


def _lines(one: Pruning, width: int, *, color: bool) -> Iterator[str]:
    phrase = paint(left(_PHRASES[one.fate], _WIDTH), _INKS[one.fate], color=color)
    yield f"{left(_pair(one), width)}  {phrase}  {_said(one)}".rstrip()
    for failure in one.failures:
        yield f"  {failure.name}: {render_untrusted(failure.detail)}"


def _said(one: Pruning) -> str:
    if one.fate in (Fate.NEEDED, Fate.IN_FLIGHT):
        return one.detail
    parts = [count(one.records, "record")] if one.records else []
    parts += [count(one.parcels, "parcel")] if one.parcels else []
    parts.append(f"{format_size(one.bytes)} that nothing else refers to")
    if one.fate is not Fate.PRUNABLE and one.detail:
        parts.append(one.detail)
    return ", ".join(parts)


def _sum(found: Sequence[Pruning], *, written: bool) -> Iterator[str]:
    prunable = [one for one in found if one.fate is Fate.PRUNABLE]
    pruned = [one for one in found if one.fate is Fate.PRUNED]
    if written:
        size = format_size(sum(one.bytes for one in pruned))
        yield f"Removed {count(len(pruned), 'package')} from sites; {size} condemned."
        if pruned:
            yield "The bytes go with `reconcile gc --yes`, a day from now on."
    elif prunable:
        size = format_size(sum(one.bytes for one in prunable))
        yield f"{count(len(prunable), 'package')} at sites that no job needs there, {size}."
        yield "Nothing was removed.   Remove: reconcile prune --yes"
    else:
        yield "Nothing lies at a site that no job needs there."


def pruning_json(found: Sequence[Pruning], unreached: Sequence[Unreached], *, written: bool) -> dict[str, object]:
    """By package, then site."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Pruning",
        "written": written,
        "pairs": [_pair_json(one) for one in sorted(found, key=lambda one: (one.package, one.site))],
        "unreached": [{"site": one.site, "busy": one.busy, "detail": one.detail} for one in unreached],
    }


def _pair_json(one: Pruning) -> dict[str, object]:
    return {
        "package": one.package,
        "site": one.site,
        "besideState": one.beside,
        "fate": one.fate.value,
        "detail": one.detail,
        "records": one.records,
        "parcels": one.parcels,
        "bytes": one.bytes,
        "number": one.number,
        "failures": [{"name": failure.name, "detail": failure.detail} for failure in one.failures],
    }
