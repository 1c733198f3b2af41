"""Which records and parcels of a package a store keeps (sending.md 7, L36, L38): rules without any reading."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.engine.collecting.stock import Filed
from reconciler.model.names import Digest
from reconciler.parcels.records import IndexFile, Parcel, Record
from reconciler.parcels.removal import Removal

IsWhole = Callable[[IndexFile], bool]
"""Whether the index is what it should be and its packs are all there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """A package that is packed here: its content now, how many revisions stay, and what open sends still take."""

    current: Digest
    keep: int
    sent: frozenset[Digest] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted of one store, by the folders of packages.

    `keep` earlier contents stay; `wanted` are those that manifests or open sends want at the site, whatever their age.
    `packed` are the packages whose depot this is, `declared` all that the manifests know: of any other one no parcel is
    touched, only `prune` removes it.
    """

    keep: int = 1
    wanted: Mapping[str, frozenset[Digest]] = field(default_factory=dict)
    packed: Mapping[str, Packing] = field(default_factory=dict)
    declared: Collection[str] = frozenset()


def dropped_records(
    records: Sequence[Filed], is_whole: IsWhole, *, keep: int, wanted: Collection[Digest]
) -> list[Filed]:
    """Those that are not kept, lowest number first.

    The highest number always stays, valid or not: no number is used twice (sending.md 4). Without knowing what is
    current nothing is dropped. An earlier revision that is not whole is none to go back to (sending.md 6).
    """
    if not records or records[-1].says is None:
        return []
    *earlier, newest = records
    if isinstance(newest.says, Removal):
        return earlier
    assert isinstance(newest.says, Record)  # noqa: S101 - a folder of records holds nothing else
    contents = {newest.says.revision.content}
    kept = set()
    for file in _counting(earlier):
        content = file.says.revision.content  # type: ignore[union-attr]  # those that count are records
        room = len(contents) <= keep or content in wanted
        if content not in contents and room and is_whole(file.says.index):  # type: ignore[union-attr]
            contents.add(content)
            kept.add(file.number)
    return [file for file in earlier if file.number not in kept]


def _counting(records: Sequence[Filed]) -> Iterator[Filed]:
    """Valid records, the newest first, down to where the package was removed."""
    for file in reversed(records):
        if isinstance(file.says, Removal):
            return
        if isinstance(file.says, Record):
            yield file


def dropped_adoptions(parcels: Sequence[Filed], is_whole: IsWhole, *, recorded: Collection[Digest]) -> list[Filed]:
    """Adopted parcels whose content a record names by now, and those that are of no use (L36)."""
    kept = _newest_whole(parcels, is_whole)
    stay = {file.number for content, file in kept.items() if content not in recorded}
    return [file for file in parcels if file.number not in stay and file.says is not None]


def dropped_parcels(parcels: Sequence[Filed], is_whole: IsWhole, packing: Packing) -> list[Filed]:
    """All but the `keep` newest contents, the current one included, and what open sends take (L38)."""
    found = _newest_whole(parcels, is_whole)
    chosen = [packing.current] if packing.current in found else []
    chosen += [content for content in found if content not in chosen]
    stay = {found[content].number for content in found if content in chosen[: packing.keep] or content in packing.sent}
    return [file for file in parcels if file.number not in stay and file.says is not None]


def _newest_whole(parcels: Sequence[Filed], is_whole: IsWhole) -> dict[Digest, Filed]:
    """Content → its newest parcel that can be sent from, the newest content first."""
    found: dict[Digest, Filed] = {}
    for file in reversed(parcels):
        if isinstance(file.says, Parcel) and file.says.content not in found and is_whole(file.says.index):
            found[file.says.content] = file
    return found
