"""docs/reference/cli.md says all that the command line takes, and nothing else."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

import pytest
import typer.main

from reconciler.cli.app import COMMANDS, _app
from reconciler.cli.exits import Exit
from reconciler.cli.options import _GENERAL, _PLANNING, VARIABLES, variable
from reconciler.manifests.declaring.settings import DEFAULTS
from reconciler.model.acknowledgements import GuardName

from .pages import page, quoted, rows, sections

PAGE = page("cli.md")
PARTS = sections(PAGE, 2)
GENERAL, PLANNING = PARTS["Options of all commands"], PARTS["Options for planning"]
HEADINGS = sections(PARTS["Commands"].replace("### ", "## "), 2)
SECTIONS = {quoted(heading)[0].removeprefix("reconcile").strip().split(" ")[0]: heading for heading in HEADINGS}
"""Command → the heading of its section; "" for bare `reconcile`."""

ROOT: Any = typer.main.get_command(_app())
HELP = {"-h", "--help"}


def takes(command: str) -> list[Any]:
    """The options and arguments that Typer knows of a command."""
    return list((ROOT if command == "" else ROOT.commands[command]).params)


def flags(parameters: Iterable[Any]) -> set[str]:
    options = (parameter for parameter in parameters if parameter.param_type_name == "option")
    return {flag for option in options for flag in (*option.opts, *option.secondary_opts)}


def flags_of(table: str) -> set[str]:
    """Those in the first column of a table."""
    return {flag for row in rows(table) for flag in flags_in(row[0])}


def flags_in(cell: str) -> set[str]:
    return {flag.split(" ")[0] for flag in quoted(cell)}


def named(parameters: Iterable[Any], names: Iterable[str]) -> list[Any]:
    return [parameter for parameter in parameters if parameter.name in set(names)]


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert sorted(SECTIONS) == sorted(("", *COMMANDS))
    assert sorted(ROOT.commands) == sorted(COMMANDS)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_option_of_a_command_is_in_its_section_and_vice_versa(command: str) -> None:
    own = [
        parameter
        for parameter in takes(command)
        if parameter.name not in (_GENERAL if command else _GENERAL | _PLANNING).keys() | _planning_of(command)
    ]
    assert flags_of(HEADINGS[SECTIONS[command]]) == flags(own)


def _planning_of(command: str) -> set[str]:
    return set(_PLANNING) if command and COMMANDS[command][1] else set()


def test_options_of_all_commands_are_in_their_table() -> None:
    assert flags_of(GENERAL) == flags(named(takes(""), _GENERAL)) | HELP


def test_options_for_planning_are_in_their_table_with_the_commands_that_take_them() -> None:
    assert flags_of(PLANNING) == flags(named(takes(""), _PLANNING))
    sentence = PLANNING.strip().split(".")[0]
    assert set(quoted(sentence)) == {"reconcile", *(name for name, (_, planning) in COMMANDS.items() if planning)}


@pytest.mark.parametrize("command", COMMANDS)
def test_arguments_stand_in_the_heading(command: str) -> None:
    arguments = [parameter for parameter in takes(command) if parameter.param_type_name == "argument"]
    heading = quoted(SECTIONS[command])[0].split(" ")[2:]
    assert len(heading) == len(arguments)
    assert [word.startswith("[") for word in heading] == [not argument.required for argument in arguments]


def test_each_option_stands_beside_its_variable() -> None:
    told = {quoted(row[1])[0]: flags_in(row[0]) for row in rows(GENERAL + PLANNING) if quoted(row[1])}
    assert told == {variable(name): flags(named(takes(""), [name])) for name in (*_GENERAL, *_PLANNING)}
    assert told.keys() == VARIABLES


def test_each_field_of_the_settings_that_an_option_overrides_exists() -> None:
    fields = [quoted(row[2])[0].removeprefix("spec.") for row in rows(GENERAL) if quoted(row[2])]
    assert fields == ["manifests.paths", "state.url"]
    assert set(fields) <= set(DEFAULTS)


def test_each_choice_of_an_option_is_named_in_its_row() -> None:
    told = {quoted(row[0])[-1].split(" ")[0]: set(quoted(" ".join(row))) for row in rows(GENERAL + PLANNING)}
    choices = {
        parameter.opts[0]: _words(parameter.type.choices)
        for parameter in takes("")
        if hasattr(parameter.type, "choices")
    }
    assert len(choices) == 5
    for option, words in choices.items():
        assert words <= told[option], option


def _words(choices: Iterable[object]) -> set[str]:
    return {str(choice.value) if isinstance(choice, Enum) else str(choice) for choice in choices}


def test_exit_codes_are_told() -> None:
    assert [int(row[0]) for row in rows(PARTS["Exit codes"])] == sorted(Exit)


def test_guards_are_named_where_they_are_acknowledged() -> None:
    words = set(quoted(HEADINGS[SECTIONS["acknowledge"]]))
    assert {guard.value for guard in GuardName} <= words


def test_links_lead_to_pages_and_headings() -> None:
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in PARTS}
    inside = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert inside <= anchors
