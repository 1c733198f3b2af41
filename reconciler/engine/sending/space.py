"""Room at the store, looked at before the first byte and before each further pack (L20, Q137610)."""

from collections.abc import Callable

from reconciler.model.quantities import Bytes, format_size
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Sender

FILES = 8
"""Files that a send makes besides its packs: index, record, folders."""


def require_room(
    sender: Sender, *, need: int, packs: int, reserve: Bytes, others: Callable[[], Bytes], place: str
) -> None:
    """Raise StoreFault(space) unless the store has room for so much beside what is kept free and what others write."""
    space = sender.space()
    kept = reserve + others()
    if space.bytes - kept < need:
        beside = f" beside {format_size(Bytes(kept))} kept free" if kept else ""
        raise StoreFault(
            Cause.SPACE,
            f"need {format_size(Bytes(need))}, have {format_size(Bytes(max(space.bytes, 0)))}{beside} at {place}",
        )
    if space.files is not None and space.files < packs + FILES:
        raise StoreFault(Cause.SPACE, f"need {packs + FILES} files, have {space.files} at {place}")
