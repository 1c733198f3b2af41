"""The folder beside the state in which origins without an address pack; the others pack into their own stores."""

import os
from collections.abc import Iterator

from reconciler.model.checkup import Check, ok, problem, warning
from reconciler.model.fleet import Fleet
from reconciler.model.quantities import format_size
from reconciler.views.counts import count


def depot(folder: str, fleet: Fleet) -> Iterator[Check]:
    """One line, if some package is packed there: whether it may be written, and has room for what is to be packed."""
    packed = [package for package in fleet.packages if fleet.site(package.origin).address is None]
    if not packed:
        return
    nearest = folder
    while not os.path.isdir(nearest) and os.path.dirname(nearest) != nearest:
        nearest = os.path.dirname(nearest)
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
        yield problem(
            "depot", f"this user may not write {nearest}", remedy="let the user who runs the workers write there"
        )
        return
    room = os.statvfs(nearest)
    free, need = room.f_bavail * room.f_frsize, sum(package.content.size for package in packed)
    detail = f"{folder}: {format_size(free)} free, {count(len(packed), 'package')} of {format_size(need)} packed there"
    yield warning("depot", detail, remedy="make room there") if free < need else ok("depot", detail)
