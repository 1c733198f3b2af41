"""The names of files in a store: fixed words, drawn ids, numbers and escaped names, matched in full before use (R10).

No name made here leaves the store's folders or is a device name on any file system (L30); what a store lists is
only taken for one of ours if it has exactly the form that is written here.
"""

import re
import secrets

from reconciler.model.names import NAME, PackageName, is_reserved

IDENTITY = "reconciler-store.json"

RECORDS = "records"
INDEXES = "indexes"
PACKS = "packs"
PARTS = "parts"
PARCELS = "parcels"
CONDEMNED = "condemned"
ASIDE = "aside"

FOLDER = re.compile(r"_?[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
"""The folder of a package among records or parcels."""

BEYOND = 10**9
"""No send, no parcel has such a number: one a second for thirty years."""

_ID = re.compile(r"[0-9a-f]{32}")
_NUMBERED = re.compile(r"([0-9]{12})\.json")
_PACK = re.compile(r"([0-9a-f]{32})\.pack")
_INDEX = re.compile(r"([0-9a-f]{32})\.index")


def new_id() -> str:
    """32 hexadecimal digits, drawn and never used twice."""
    return secrets.token_hex(16)


def is_id(name: str) -> bool:
    """Whether it is an id, as `new_id` draws them."""
    return _ID.fullmatch(name) is not None


def package_folder(package: PackageName) -> str:
    """One folder name for a package: lower case, `_` before a device name; no package name begins so."""
    if not NAME.fullmatch(package):
        raise ValueError(f"{package!r} is no name of a package")
    return f"_{package.lower()}" if is_reserved(package) else package.lower()


def records_folder(package: PackageName) -> str:
    """Where the records of a package lie."""
    return f"{RECORDS}/{package_folder(package)}"


def parcels_folder(package: PackageName) -> str:
    """Where the parcels of a package lie."""
    return f"{PARCELS}/{package_folder(package)}"


def record_name(package: PackageName, number: int) -> str:
    """The record of a send: the commit marker (L18)."""
    return f"{records_folder(package)}/{_numbered(number)}"


def parcel_name(package: PackageName, number: int) -> str:
    """The parcel of a package with this number."""
    return f"{parcels_folder(package)}/{_numbered(number)}"


def number_of(name: str) -> int | None:
    """The number that a file in a package's folder has; None if it is not one of ours.

    So is one of a number that nobody comes to: believed, it would leave none for the next send.
    """
    match = _NUMBERED.fullmatch(name)
    number = int(match[1]) if match else 0
    return number if 0 < number < BEYOND else None


def pack_name(id: str) -> str:  # noqa: A002
    """The pack with this id."""
    return f"{PACKS}/{_checked(id)}.pack"


def index_name(id: str) -> str:  # noqa: A002
    """The index with this id."""
    return f"{INDEXES}/{_checked(id)}.index"


def pack_id(name: str) -> str | None:
    """The id of a file in the folder of packs; None if it is not one of ours."""
    match = _PACK.fullmatch(name)
    return match[1] if match else None


def index_id(name: str) -> str | None:
    """The id of a file in the folder of indexes; None if it is not one of ours."""
    match = _INDEX.fullmatch(name)
    return match[1] if match else None


def attempt_folder(attempt: str) -> str:
    """Where an attempt writes: private to it."""
    return f"{PARTS}/{_checked(attempt)}"


def part_name(attempt: str, id: str) -> str:  # noqa: A002
    """What the attempt writes of the pack or index with this id."""
    return f"{attempt_folder(attempt)}/{_checked(id)}"


def condemned_name(name: str) -> str:
    """The mark that says that the pack or index of this name is no longer referred to."""
    file = name.rpartition("/")[2]
    if pack_id(file) is None and index_id(file) is None:
        raise ValueError(f"{name!r} is no name of a pack or an index")
    return f"{CONDEMNED}/{file}"


def _numbered(number: int) -> str:
    if not 0 < number < BEYOND:
        raise ValueError(f"{number} is no number of a send")
    return f"{number:012}.json"


def _checked(name: str) -> str:
    if not is_id(name):
        raise ValueError(f"{name!r} is no id: 32 lower-case hexadecimal digits")
    return name
