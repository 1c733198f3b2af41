"""Room at the store, looked at before the first byte and before each further pack (L20, Q137610)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.model.quantities import Bytes, format_size
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Sender

FILES = 8
"""Files that a send makes besides its packs: index, record, folders."""

SMALL = 2**16
"""Bytes of those, at least: what a send needs that brings no content."""


class NoRoom(StoreFault):
    """Told by what is needed and what is there."""

    def __init__(self, detail: str) -> None:
        super().__init__(Cause.SPACE, detail)


def require_room(
    sender: Sender, *, need: int, packs: int, reserve: Bytes, others: Callable[[], Bytes], place: str
) -> None:
    """Raise NoRoom unless the store has room for so much beside what is kept free and what others write."""
    space = sender.space()
    kept = reserve + others()
    if space.bytes - kept < need:
        beside = f" beside {format_size(Bytes(kept))} kept free" if kept else ""
        raise NoRoom(f"{_lacking(need, space.bytes)}{beside} at {place}")
    if space.files is not None and space.files < packs + FILES:
        raise NoRoom(f"need {packs + FILES} files, have {space.files} at {place}")


@contextmanager
def told_by_need(sender: Sender, *, need: Callable[[], int] = lambda: SMALL, place: str) -> Iterator[None]:
    """A file system that is full after all is told by what is needed and what is there, too."""
    try:
        yield
    except StoreFault as fault:
        if fault.cause is not Cause.SPACE or isinstance(fault, NoRoom):
            raise
        space = sender.space()
        few = space.files is not None and space.files < FILES
        lacking = f"need {FILES} files, have {space.files}" if few else _lacking(max(need(), SMALL), space.bytes)
        raise NoRoom(f"{lacking} at {place}; {fault.detail}") from fault


def _lacking(need: int, have: int) -> str:
    return f"need {format_size(Bytes(need))}, have {format_size(Bytes(max(have, 0)))}"
