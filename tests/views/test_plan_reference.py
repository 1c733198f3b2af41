"""docs/reference/plan.md explains each key of the plan's JSON, in the words of its schema."""

from pathlib import Path

import pytest

from tests.views import plans
from tests.views.schema_keys import keys, paths, table, untitled
from tests.views.test_plan_json import NAMES, SCHEMA, saved

REFERENCE = Path(__file__).parents[2] / "docs/reference/plan.md"
START, END = "<!-- keys -->\n", "<!-- end of keys -->\n"


def test_the_reference_explains_each_key_as_the_schema_does(request: pytest.FixtureRequest) -> None:
    """`pytest --update-golden` writes the table anew."""
    text = REFERENCE.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    expected = f"{before}{START}{table(SCHEMA)}{END}{after}"
    if request.config.getoption("--update-golden"):
        REFERENCE.write_text(expected, encoding="utf-8", newline="\n")
    assert REFERENCE.read_text(encoding="utf-8") == expected


def test_every_key_that_is_written_has_a_title_and_a_description_in_the_schema() -> None:
    explained = {path for path, _, _ in keys(SCHEMA)}
    written = {path for name in NAMES for path in paths(saved(getattr(plans, name)()))}
    assert written == explained
    assert not list(untitled(SCHEMA))
