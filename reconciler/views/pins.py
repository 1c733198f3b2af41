"""What became of pins as text, and files of the manifests as they would change: a unified diff."""

import difflib
from collections.abc import Iterable, Sequence

from reconciler.model.pins import Pin, Pinning, Rewriting
from reconciler.views.counts import count
from reconciler.views.untrusted import render_untrusted


def pins_text(pins: Sequence[Pin], *, written: bool) -> str:
    """A line for each package that does not stay as it is, and one that counts them all."""
    told = [pin for pin in pins if pin.outcome is not Pinning.SAME]
    lines = [render_untrusted(_words(pin, written=written)) for pin in told] + [_sum(pins, written=written)]
    return "".join(f"{line}\n" for line in lines)


def _words(pin: Pin, *, written: bool) -> str:
    match pin.outcome:
        case Pinning.NEW | Pinning.CHANGED:
            fate = f"{'' if written else 'would be '}{pin.outcome.value} to {pin.digest}"
        case Pinning.ELSEWHERE:
            fate = f"{pin.outcome.value}, pinned to {pin.digest}: its source is not here"
        case _:
            fate = f"{pin.outcome.value}: {pin.why}; write spec.source.digest: {pin.digest} by hand"
    return f"{pin.where.file}:{pin.where.line}: {pin.package} {fate}"


def _sum(pins: Sequence[Pin], *, written: bool) -> str:
    """`Pinned 2 of 3 packages; 1 is pinned already.`"""
    changed, same = sum(pin.changes for pin in pins), sum(pin.outcome is Pinning.SAME for pin in pins)
    every = count(len(pins), "package")
    if not changed:
        return f"No changes: {same:,} of {every} pinned already."
    already = f"; {same:,} pinned already" if same else ""
    return f"{'Pinned' if written else 'Would pin'} {changed:,} of {every}{already}."


def diff_text(rewritings: Iterable[Rewriting]) -> str:
    """For people and for `patch`: line endings stay, everything else is rendered harmless."""
    return "".join(_hunk(line) for rewriting in rewritings for line in _diff(rewriting))


def _diff(rewriting: Rewriting) -> Iterable[str]:
    before, after = (_lines(data) for data in (rewriting.before, rewriting.after))
    return difflib.unified_diff(before, after, fromfile=rewriting.file, tofile=rewriting.file, n=2)


def _lines(data: bytes) -> list[str]:
    """Split at line feeds alone, as `patch` does."""
    return [f"{line}\n" for line in data.decode().split("\n")][:-1] + _rest(data)


def _rest(data: bytes) -> list[str]:
    last = data.decode().rpartition("\n")[2]
    return [last] if last else []


def _hunk(line: str) -> str:
    body = line.rstrip("\r\n")
    ending = line[len(body) :]
    return render_untrusted(body) + (ending or "\n\\ No newline at end of file\n")
