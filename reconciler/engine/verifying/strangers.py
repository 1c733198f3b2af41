"""What lies in a store and is none of ours: named, never followed, never removed (sending.md 3, R10)."""

from collections.abc import Callable, Iterator

from reconciler.engine.stores.opening import NOT_CONTENT
from reconciler.model.verification import Stranger
from reconciler.parcels.store_names import (
    ASIDE,
    CONDEMNED,
    FOLDER,
    IDENTITY,
    INDEXES,
    PACKS,
    PARCELS,
    PARTS,
    RECORDS,
    index_id,
    is_id,
    number_of,
    pack_id,
)
from reconciler.senders.protocol import Entry, Hostile, Sender

_FOLDERS = frozenset((RECORDS, INDEXES, PACKS, PARTS, PARCELS, CONDEMNED, ASIDE, *NOT_CONTENT))

Ours = Callable[[Entry], bool]


def strangers(sender: Sender) -> Iterator[Stranger]:
    """All of them, folder by folder; nothing beneath one is looked at."""
    yield from _in(sender, "", _is_of_root)
    yield from _in(sender, PACKS, lambda entry: entry.is_file and pack_id(entry.name) is not None)
    yield from _in(sender, INDEXES, lambda entry: entry.is_file and index_id(entry.name) is not None)
    yield from _in(sender, PARTS, lambda entry: (entry.is_file or entry.is_folder) and is_id(entry.name))
    for folder in (RECORDS, PARCELS):
        yield from _in(sender, folder, _is_package)
        for package in _entries(sender, folder):
            if _is_package(package):
                yield from _in(sender, f"{folder}/{package.name}", _is_numbered)


def _in(sender: Sender, folder: str, ours: Ours) -> Iterator[Stranger]:
    for entry in _entries(sender, folder):
        if not ours(entry):
            name = f"{folder}/{entry.name}" if folder else entry.name
            kind = "file" if entry.is_file else "folder" if entry.is_folder else "link or device"
            yield Stranger(name=name, kind=kind)


def _entries(sender: Sender, folder: str) -> Iterator[Entry]:
    """Nothing of a folder that is a link itself: it was named where it lies."""
    try:
        yield from sender.entries(folder)
    except Hostile:
        return


def _is_of_root(entry: Entry) -> bool:
    return (entry.is_file and entry.name == IDENTITY) or (entry.is_folder and entry.name in _FOLDERS)


def _is_package(entry: Entry) -> bool:
    return entry.is_folder and FOLDER.fullmatch(entry.name) is not None


def _is_numbered(entry: Entry) -> bool:
    return entry.is_file and number_of(entry.name) is not None
