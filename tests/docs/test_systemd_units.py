"""The example units say what the program does."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from reconciler.cli.app import COMMANDS
from reconciler.cli.signals import PATIENCE
from reconciler.engine.heartbeat import STILL

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
UNITS = sorted(path.name for path in (HOW_TO / "systemd").iterdir())


def unit(name: str) -> ConfigParser:
    read = ConfigParser(interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]  # as they are written
    read.read_string((HOW_TO / "systemd" / name).read_text("utf-8"))
    return read


@pytest.mark.parametrize("name", UNITS)
def test_each_unit_is_named_by_its_page_and_by_itself(name: str) -> None:
    assert f"](systemd/{name})" in (HOW_TO / "run-watch-as-a-service.md").read_text("utf-8")
    assert (HOW_TO / "systemd" / name).read_text("utf-8").startswith(f"# /etc/systemd/system/{name}\n")


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_each_service_runs_commands_that_exist(name: str) -> None:
    told = re.findall(r"/bin/reconcile ([a-z]+)", unit(name)["Service"]["ExecStart"])
    assert told
    assert set(told) <= set(COMMANDS)


def test_the_service_gives_watch_the_time_it_takes() -> None:
    service = unit("reconcile-watch.service")["Service"]
    assert int(service["TimeoutStopSec"]) >= PATIENCE + 2
    assert int(service["WatchdogSec"]) >= STILL
    assert (service["Type"], service["SuccessExitStatus"]) == ("notify", "143")
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_the_timer_starts_the_service_beside_it() -> None:
    assert unit("reconcile.timer")["Timer"]["Unit"] in UNITS
