"""Room at the store, looked at before the first byte and before each further pack (L20, Q137610)."""

from collections.abc import Callable

from reconciler.model.quantities import Bytes, format_size
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Sender

FILES = 8
"""Files that a send makes besides its packs: index, record, folders."""


SMALL = 2**16
"""Bytes of those, at least: what a send needs that brings no content."""


class NoRoom(StoreFault):
    """Told by what is needed and what is there (L20)."""

    @classmethod
    def at(cls, sender: Sender, *, need: int, place: str, kept: int = 0, why: str = "") -> "NoRoom":
        """So many bytes are needed, `kept` are kept free; `why` is what the file system says."""
        have = sender.space().bytes
        beside = f" beside {format_size(Bytes(kept))} kept free" if kept else ""
        return cls(
            Cause.SPACE,
            f"need {format_size(Bytes(need))}, have {format_size(Bytes(max(have, 0)))}{beside} at {place}{why}",
        )


def require_room(
    sender: Sender, *, need: int, packs: int, reserve: Bytes, others: Callable[[], Bytes], place: str
) -> None:
    """Raise StoreFault(space) unless the store has room for so much beside what is kept free and what others write."""
    space = sender.space()
    kept = reserve + others()
    if space.bytes - kept < need:
        raise NoRoom.at(sender, need=need, place=place, kept=kept)
    if space.files is not None and space.files < packs + FILES:
        raise NoRoom(Cause.SPACE, f"need {packs + FILES} files, have {space.files} at {place}")
