"""What a scope is; what filtered passes do is in the cases."""

import pytest

from reconciler.model.names import JobName, PackageName
from reconciler.model.site_sets import SiteSet
from reconciler.planning.scope import ALL, Scope


def test_a_scope_without_conditions_is_everything() -> None:
    assert not ALL.is_partial


@pytest.mark.parametrize(
    "narrowed",
    [{"sites": SiteSet()}, {"packages": frozenset((PackageName("P"),))}, {"jobs": frozenset((JobName("j"),))}],
)
def test_a_narrowed_scope_names_its_filters(narrowed: dict[str, object]) -> None:
    assert Scope(**narrowed, filters=("site=*",)).is_partial
    with pytest.raises(ValueError, match="names its filters"):
        Scope(**narrowed)


def test_filters_that_narrow_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="names its filters"):
        Scope(filters=("site=*",))
