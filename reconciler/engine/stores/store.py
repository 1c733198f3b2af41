"""What lies in one store: records, parcels, indexes, packs. Read as claims, each checked before it counts (R10)."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.names import Digest, PackageName
from reconciler.model.stores import StoreIdentity
from reconciler.parcels.index import Index, parse_index
from reconciler.parcels.packs import TABLE_HEAD, Table, parse_table, table_length
from reconciler.parcels.records import IndexFile, Parcel, Record, parse_parcel, parse_record
from reconciler.parcels.removal import parse_removal
from reconciler.parcels.store_names import (
    CONDEMNED,
    FOLDER,
    PACKS,
    RECORDS,
    number_of,
    pack_id,
    package_folder,
    parcel_name,
    parcels_folder,
    record_name,
    records_folder,
)
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Sender

LARGEST_RECORD = 4 * 2**20
LARGEST_INDEX = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The records of one package: the valid one with the highest number, and the highest number any name bears.

    A record that cannot be understood still used up its number (sending.md 4). `unread` says what is wrong with the
    highest one, "" if it is valid.
    """

    newest: Record | None = None
    highest: int = 0
    unread: str = ""


@dataclass(slots=True)
class Store:
    """A store that is known to be the one meant."""

    sender: Sender
    identity: StoreIdentity

    def recorded(self, package: PackageName) -> Recorded:
        """What the records of a package say; one that says it was removed ends them all (L41)."""
        highest, unread = 0, ""
        for number in sorted(self._numbers(records_folder(package)), reverse=True):
            highest = max(highest, number)
            try:
                data = self._whole(record_name(package, number), LARGEST_RECORD)
                if self._is_removal(data, package, number):
                    break
                record = parse_record(data)
                self._check(record, package, number)
            except (Unreadable, Missing, Hostile) as error:
                unread = unread or (f"record {number} of {package}: {error}" if number == highest else "")
                continue
            return Recorded(newest=record, highest=highest, unread=unread)
        return Recorded(highest=highest, unread=unread)

    def record(self, package: PackageName, number: int) -> Record:
        """One record; raises Unreadable or Missing."""
        record = parse_record(self._whole(record_name(package, number), LARGEST_RECORD))
        self._check(record, package, number)
        return record

    def record_numbers(self, package: PackageName) -> tuple[int, ...]:
        """Of all records of a package, whether valid or not."""
        return tuple(sorted(self._numbers(records_folder(package))))

    def recorded_folders(self) -> Iterator[str]:
        """The folders of all packages with records, by name."""
        for entry in self.sender.entries(RECORDS):
            if entry.is_folder and FOLDER.fullmatch(entry.name):
                yield entry.name

    def latest_in(self, folder: str) -> Record | None:
        """The valid record with the highest number in a package's folder, whatever site it was written for."""
        for number in sorted(self._numbers(f"{RECORDS}/{folder}"), reverse=True):
            try:
                record = parse_record(self._whole(f"{RECORDS}/{folder}/{number:012}.json", LARGEST_RECORD))
            except (Unreadable, Missing, Hostile):
                continue
            if record.number == number and package_folder(record.package) == folder:
                return record
        return None

    def parcels(self, package: PackageName) -> tuple[Parcel, ...]:
        """The packed revisions, newest first; what cannot be understood is left out."""
        found = []
        for number in sorted(self._numbers(parcels_folder(package)), reverse=True):
            try:
                parcel = parse_parcel(self._whole(parcel_name(package, number), LARGEST_RECORD))
            except (Unreadable, Missing, Hostile):
                continue
            if (parcel.package, parcel.number) == (package, number):
                found.append(parcel)
        return tuple(found)

    def parcel(self, package: PackageName, content: Digest) -> Parcel | None:
        """The newest parcel of exactly this content."""
        return next((parcel for parcel in self.parcels(package) if parcel.content == content), None)

    def next_parcel(self, package: PackageName) -> int:
        """The number a new parcel would have."""
        return max(self._numbers(parcels_folder(package)), default=0) + 1

    def index(self, file: IndexFile) -> Index:
        """An index that a record or parcel names; raises Unreadable or Missing."""
        data = self._whole(file.file, min(file.bytes, LARGEST_INDEX) + 1)
        if len(data) != file.bytes or f"sha256:{hashlib.sha256(data).hexdigest()}" != file.digest:
            raise Unreadable(f"{file.file} is not what its record says")
        return parse_index(data)

    def packs(self) -> Mapping[str, int]:
        """Id → size of the packs that a send may use: condemned ones count as absent (sending.md 7)."""
        condemned = {entry.name for entry in self.sender.entries(CONDEMNED)}
        return {
            identity: entry.size
            for entry in self.sender.entries(PACKS)
            if entry.is_file and entry.name not in condemned and (identity := pack_id(entry.name)) is not None
        }

    def taken_packs(self) -> frozenset[str]:
        """Ids that no pack can be given any more: of all that stands there, condemned, a link, or whatever it is."""
        found = (pack_id(entry.name) for entry in self.sender.entries(PACKS))
        return frozenset(identity for identity in found if identity is not None)

    def table_of(self, name: str) -> Table:
        """What a pack file, also one that is being written, says is in it."""
        head = self.sender.read(name, length=TABLE_HEAD)
        length = table_length(head)
        if length > len(head):
            head += self.sender.read(name, offset=len(head), length=length - len(head))
        return parse_table(head[:length])

    def _numbers(self, folder: str) -> Iterator[int]:
        for entry in self.sender.entries(folder):
            number = number_of(entry.name)
            if number is not None:
                yield number

    def _whole(self, name: str, limit: int) -> bytes:
        data = self.sender.read(name, length=limit)
        if len(data) >= limit:
            raise Unreadable(f"{name} is larger than {limit - 1} bytes")
        return data

    def _is_removal(self, data: bytes, package: PackageName, number: int) -> bool:
        try:
            removal = parse_removal(data)
        except Unreadable:
            return False
        return (removal.package, removal.number, removal.site) == (package, number, self.identity.site)

    def _check(self, record: Record, package: PackageName, number: int) -> None:
        if (record.package, record.number) != (package, number):
            raise Unreadable(f"it says it is record {record.number} of {record.package}")
        if record.site != self.identity.site:
            raise Unreadable(f"it was written for site {record.site}")
