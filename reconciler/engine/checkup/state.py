"""The state: whether it opens, is whole, and has room."""

from collections.abc import Iterator

from reconciler.model.checkup import Check, ok, problem, warning
from reconciler.model.quantities import format_size
from reconciler.state.examining import Examination

LEAST_FREE = 256 * 2**20
"""Bytes below which a state's file system is warned about, as is less than a copy of it: migrations make one."""


def check_state(found: Examination) -> Check:
    """One line for all of it: the worst counts."""
    wrong = next(_wrong(found), None)
    if wrong is not None:
        return problem("state", wrong[0], remedy=wrong[1])
    room = f"{format_size(found.free)} free"
    if found.free < max(LEAST_FREE, 2 * (found.size or 0)):
        return warning("state", f"{found.path}: only {room}", remedy="make room there")
    if found.size is None:
        return ok("state", f"{found.path} is not there yet, {room}: the first pass makes it")
    return ok("state", f"{found.path}: whole, schema {found.schema}, {format_size(found.size)}, {room}")


def _wrong(found: Examination) -> Iterator[tuple[str, str]]:
    """What keeps it from being used, and what to do about it."""
    if found.damage:
        yield f"{found.path} is damaged: {found.damage}", "reconcile state restore FILE"
    if found.file_system is not None and found.file_system.is_network:
        where = f"the network file system {found.file_system}, where locks do not hold"
        yield f"{found.path} lies on {where}", "keep it on a local disk, see --state"
    if not found.writable:
        yield f"this user may not write {found.path}", "run as its owner"
    if found.schema > found.newest:
        known = f"this version knows {found.newest}: it may be read, not written"
        yield f"{found.path} has schema {found.schema}, {known}", "use the newer version"
