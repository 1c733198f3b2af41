"""Options before and after the command, variables, and what is refused."""

import json
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.cli.app import COMMANDS
from tests.cli.conftest import Reconcile


def test_an_option_means_the_same_before_and_after_the_command(reconcile: Reconcile, fleet: Path) -> None:
    before = reconcile("-o", "json", "--site", "DE1", "plan")
    after = reconcile("plan", "-o", "json", "--site", "DE1")
    first, second = json.loads(before.out), json.loads(after.out)
    assert first["scope"] == second["scope"] == {"partial": True, "filters": ["site=DE1"]}
    assert first["id"] == second["id"]


def test_the_option_after_the_command_wins(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile("-o", "yaml", "plan", "-o", "json").out.startswith("{")


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_settings(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = 'apiVersion: reconciler/v1\nkind: Config\nspec: {state: {url: "sqlite:///from-file.db"}}\n'
    (fleet / "reconciler.yaml").write_text(settings)
    reconcile()
    assert (fleet / "from-file.db").exists()
    monkeypatch.setenv("RECONCILE_STATE", "sqlite:///from-variable.db")
    reconcile()
    assert (fleet / "from-variable.db").exists()
    reconcile("--state", "sqlite:///from-flag.db", "apply")
    assert (fleet / "from-flag.db").exists()


def test_an_unknown_variable_is_warned_about(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILE_STTE", "sqlite:///x.db")
    assert "RECONCILE_STTE is not known" in reconcile("version").err


def test_paths_replace_the_manifests_and_are_the_whole_fleet(reconcile: Reconcile, fleet: Path) -> None:
    plan = json.loads(reconcile("plan", "manifests/sites.yaml", "-o", "json").out)
    assert (plan["summary"]["sites"], plan["summary"]["packages"]) == (3, 0)


def test_the_settings_are_found_upwards_and_not_beyond_the_repository(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Config\nspec: {manifests: {paths: [manifests]}}\n"
    )
    (fleet / "deep" / "er").mkdir(parents=True)
    assert json.loads(reconcile("-C", "deep/er", "plan", "-o", "json").out)["summary"]["sites"] == 3
    (fleet / "deep" / ".git").mkdir()
    assert reconcile("-C", "deep/er", "plan").code == 3


def test_reports_are_written_beside_the_result_and_also_when_refused(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {guards: {bytes: 1kB}}\n")
    ended = reconcile("plan", "--report", "json=plan.json", "--report", "markdown=plan.md")
    assert ended.code == 3
    assert json.loads((fleet / "plan.json").read_text())["refused"] is True
    assert "bytes" in (fleet / "plan.md").read_text()


def test_colour_only_on_a_terminal_or_when_asked(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\033[" not in reconcile("plan").out
    assert "\033[" in reconcile("plan", "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\033[" in reconcile("plan").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[" not in reconcile("plan").out


def test_quiet_leaves_only_the_result(reconcile: Reconcile, fleet: Path) -> None:
    assert "start one: reconcile work" in reconcile("apply").err
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"again")
    assert reconcile("apply", "-q").err == ""


def test_log_lines_are_json_if_asked(reconcile: Reconcile, fleet: Path) -> None:
    lines = reconcile("apply", "--log-format", "json", "-v").err.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["level"] for entry in entries] == ["debug", "debug", "info"]
    assert entries[1]["message"] == f"read 3 files beneath {fleet}/manifests"


def test_verbose_says_where_it_works(reconcile: Reconcile, fleet: Path) -> None:
    assert f"settings none, state sqlite:///{fleet}/.reconciler/state.db" in reconcile("plan", "-v").err


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_has_help_with_an_example(reconcile: Reconcile, command: str) -> None:
    ended = reconcile(command, "--help")
    assert ended.code == 0
    assert f"reconcile {command}" in ended.out.split("Example", 1)[1]


def test_help_lists_the_exit_codes_and_every_command(reconcile: Reconcile) -> None:
    text = reconcile("--help").out
    assert "130, 143 interrupted" in " ".join(text.split())
    assert all(command in text for command in COMMANDS)


def test_the_version_is_printed(reconcile: Reconcile) -> None:
    assert reconcile("--version").out == f"reconcile {__version__}\n"
    assert json.loads(reconcile("version", "-o", "json").out)["reconcile"] == __version__
