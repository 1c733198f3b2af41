"""Names in a store, taken apart: none leads out of it."""

from reconciler.senders.protocol import Hostile


def above_and_last(name: str) -> tuple[str, str]:
    """The folder that holds a name, and the last part of it."""
    above, _, last = name.rpartition("/")
    parts_of(last or "..")
    return above, last


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a name; raises Hostile for one that could lead elsewhere."""
    if not name:
        return ()
    parts = tuple(name.split("/"))
    if "\0" in name or not {"", ".", ".."}.isdisjoint(parts):
        raise Hostile(f"{name!r} is no name in a store")
    return parts
