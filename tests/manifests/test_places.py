"""Places and spelling: what messages across objects are made of."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.resolving.places import Places
from reconciler.manifests.spelling import Spelling
from tests.manifests.fleets import F, declared

NAMES = st.text("ab1-", min_size=1, max_size=5)


def test_every_place_is_the_one_that_the_document_itself_tells() -> None:
    for one in declared(F).declarations:
        document = one.document
        places = Places(document)
        paths = [path for path in every_path(document.body, ()) if path]
        assert len(paths) > 5
        for path in paths:
            assert places.where(*path) == document.where(*path)
            assert places.has(*path)
            assert places.where(*path, "no-such-field") == document.where(*path)
            assert not places.has(*path, "no-such-field")


def every_path(value: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    below: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        below = [one for key, item in value.items() for one in every_path(item, (*path, key))]
    elif isinstance(value, list):
        below = [one for index, item in enumerate(value) for one in every_path(item, (*path, index))]
    return [path, *below]


@given(st.lists(NAMES, max_size=6), NAMES)
def test_a_near_name_is_known_and_at_most_one_slip_away(names: list[str], typed: str) -> None:
    near = Spelling(names).nearest(typed)
    if near is None:
        assert all(plain(name) != plain(typed) for name in names)
    else:
        assert near in names
        assert plain(near) == plain(typed) or forms(near) & forms(typed)


def plain(name: str) -> str:
    return name.lower().replace("-", "")


def forms(name: str) -> set[str]:
    return {plain(name)} | {plain(name)[:place] + plain(name)[place + 1 :] for place in range(len(plain(name)))}


def test_spelling_finds_one_wrong_missing_surplus_or_swapped_character_and_other_separators() -> None:
    spelling = Spelling(["till-4", "office", "EU1"])
    for typed in ("offixe", "ofice", "officce", "offiec", "OFFICE"):
        assert spelling.nearest(typed) == "office"
    assert spelling.nearest("till_4") == "till-4"
    assert spelling.nearest("Till4") == "till-4"
    assert spelling.nearest("payroll") is None
