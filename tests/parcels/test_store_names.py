"""Names in a store: made here alone, matched in full, harmless on every file system (L30, R10)."""

import re
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import PackageName, is_reserved
from reconciler.parcels import store_names
from reconciler.parcels.store_names import (
    condemned_name,
    index_name,
    new_id,
    number_of,
    pack_id,
    pack_name,
    parcel_name,
    part_name,
    record_name,
    records_folder,
)

ID = "0123456789abcdef" * 2

ends = st.sampled_from(ascii_letters + digits)
names = ends | st.builds("{}{}{}".format, ends, st.text(ascii_letters + digits + "._-", max_size=61), ends)
packages = names.map(PackageName)


def test_names_are_as_the_reference_says() -> None:
    till = PackageName("Till-4")
    assert store_names.IDENTITY == "reconciler-store.json"
    assert record_name(till, 42) == "records/till-4/000000000042.json"
    assert parcel_name(till, 3) == "parcels/till-4/000000000003.json"
    assert pack_name(ID) == f"packs/{ID}.pack"
    assert index_name(ID) == f"indexes/{ID}.index"
    assert part_name(ID, "f" * 32) == f"parts/{ID}/{'f' * 32}"
    assert condemned_name(pack_name(ID)) == f"condemned/{ID}.pack"


def test_ids_are_never_the_same() -> None:
    drawn = {new_id() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(pack_id(pack_name(id).rpartition("/")[2]) == id for id in drawn)  # noqa: A001


@given(packages, st.integers(1, 10**9 - 1))
def test_a_number_is_read_from_the_name_it_was_written_to(package: PackageName, number: int) -> None:
    folder, _, file = record_name(package, number).rpartition("/")
    assert folder == records_folder(package)
    assert number_of(file) == number


@given(packages, packages)
def test_L30_folders_of_packages_are_distinct_harmless_names(one: PackageName, other: PackageName) -> None:
    folder = records_folder(one).removeprefix("records/")
    assert re.fullmatch(r"_?[a-z0-9]([a-z0-9._-]*[a-z0-9])?", folder)
    assert not is_reserved(folder)
    assert (records_folder(one) == records_folder(other)) == (one.lower() == other.lower())


@pytest.mark.parametrize("package", ["NUL", "con.old", "Com1"])
def test_L30_a_package_with_the_name_of_a_device_has_a_folder(package: str) -> None:
    assert records_folder(PackageName(package)) == f"records/_{package.lower()}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "42.json",
        "000000000042.json\n",
        "0000000000042.json",
        "000000000000.json",
        "001000000000.json",
        "\u066000000000042.json",
    ],
)
def test_what_is_no_number_is_none(name: str) -> None:
    assert number_of(name) is None


@pytest.mark.parametrize("name", ["", f"{ID}.pack\n", f"{ID}.index", f"{ID.upper()}.pack", f"../{ID}.pack", ID])
def test_what_is_no_pack_is_none(name: str) -> None:
    assert pack_id(name) is None


@pytest.mark.parametrize("name", ["", "..", f"{ID}\n", ID.upper(), ID[:-1], "../../../../../../../etc/passwd"])
def test_no_name_is_made_of_what_is_no_id(name: str) -> None:
    for made in (pack_name, index_name):
        with pytest.raises(ValueError, match="no id"):
            made(name)
    with pytest.raises(ValueError, match="no id"):
        part_name(ID, name)
    with pytest.raises(ValueError, match="no name of a pack"):
        condemned_name(f"packs/{name}")


@pytest.mark.parametrize("package", ["", "..", "a/b", "a\0", "-a", "a" * 64, "till\n"])
def test_no_name_is_made_of_what_is_no_package(package: str) -> None:
    with pytest.raises(ValueError, match="no name of a package"):
        records_folder(PackageName(package))


@pytest.mark.parametrize("number", [0, -1, 10**12])
def test_no_name_is_made_of_what_is_no_number(number: int) -> None:
    with pytest.raises(ValueError, match="no number"):
        record_name(PackageName("till-4"), number)
