"""Retrying and cancelling by hand: the rows that a name stands for, and what becomes of each (sending.md 4)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.known_names import KnownNames
from reconciler.engine.subjects import NoSuchSubject
from reconciler.model.names import PackageName, SiteName
from reconciler.model.snapshot import Send, SendState
from reconciler.state.protocol import Author, State

_WHY_NOT_AGAIN = {
    SendState.QUEUED: "it is queued already",
    SendState.SENDING: "it is running",
    SendState.VERIFYING: "it is running",
    SendState.COMPLETE: "it has arrived",
    SendState.SUPERSEDED: "it was superseded",
    SendState.OBSOLETE: "no job needed it any more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One row as it was, and why it was left alone; "" if it was not."""

    send: Send
    why_not: str = ""


def chosen(name: str, state: State, known: KnownNames) -> tuple[Send, ...]:
    """The rows of a send-only job, or the latest row of PACKAGE@SITE; raises NoSuchSubject."""
    if "@" not in name:
        return tuple(state.sends(open_only=False, job=known.send(name)))
    package, _, site = name.partition("@")
    pair = known.package(package), known.site(site)
    rows = [send for send in state.sends(open_only=False) if (send.package, send.site) == pair]
    if not rows:
        raise NoSuchSubject(f"no send of {name} has been recorded")
    return (max(rows, key=lambda send: send.number),)


def retry(sends: Iterable[Send], state: State, author: Author | None) -> Iterator[Handled]:
    """Open them again, or let them go at once; without an author only tell what would be."""
    return _handled(sends, state, _why_not_again, None if author is None else _again(state, author))


def cancel(sends: Iterable[Send], state: State, reason: str, author: Author | None) -> Iterator[Handled]:
    """Close the open ones for good; without an author only tell what would be."""
    return _handled(sends, state, _why_not_closed, None if author is None else _closed(state, reason, author))


def _handled(
    sends: Iterable[Send],
    state: State,
    why_not: Callable[[Send, State], str],
    act: Callable[[Send], bool] | None,
) -> Iterator[Handled]:
    for send in sends:
        why = why_not(send, state)
        if not why and act is not None and not act(send):
            why = "it changed meanwhile"
        yield Handled(send=send, why_not=why)


def _again(state: State, author: Author) -> Callable[[Send], bool]:
    return lambda send: state.retry(send.package, send.site, author)


def _closed(state: State, reason: str, author: Author) -> Callable[[Send], bool]:
    return lambda send: state.cancel(send.package, send.site, reason, author)


def _why_not_again(send: Send, state: State) -> str:
    if send.state in _WHY_NOT_AGAIN:
        return _WHY_NOT_AGAIN[send.state]
    mark = _mark(state, send.package, send.site)
    return f"number {mark} of the pair is newer" if mark > send.number else ""


def _why_not_closed(send: Send, _state: State) -> str:
    return "" if send.state.is_open else f"it is {send.state.value}"


def _mark(state: State, package: PackageName, site: SiteName) -> int:
    return max((pair.mark for pair in state.pairs(package=package, site=site)), default=0)
