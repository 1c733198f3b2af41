"""What systemd hears, by a socket as it makes them."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.systemd import Supervisor

WAIT = 30.0


@pytest.fixture(params=["a path", "an abstract name"])
def name(request: pytest.FixtureRequest, quick_folder: str) -> str:
    return f"{quick_folder}/notify" if request.param == "a path" else f"@{quick_folder}/notify"


@pytest.fixture
def heard(name: str) -> Iterator[socket.socket]:
    """systemd's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        channel.settimeout(WAIT)
        yield channel


def told(heard: socket.socket) -> str:
    return heard.recv(4096).decode()


def all_of(heard: socket.socket, number: int) -> list[str]:
    return [told(heard) for _ in range(number)]


def test_systemd_hears_what_the_command_is_at(heard: socket.socket, name: str) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": name})
    supervisor.ready()
    supervisor.status("pass at 12:00 UTC")
    supervisor.stopping()
    assert all_of(heard, 3) == ["READY=1", "STATUS=pass at 12:00 UTC", "STOPPING=1"]


def test_a_reload_tells_when_it_began(heard: socket.socket, name: str) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    Supervisor({"NOTIFY_SOCKET": name}).reloading()
    first, second = told(heard).splitlines()
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_status_is_one_line_whatever_is_in_it(heard: socket.socket, name: str) -> None:
    Supervisor({"NOTIFY_SOCKET": name}).status("site DE1\nSTOPPING=1\x1b[2J \udcff")
    assert told(heard) == r"STATUS=site DE1\nSTOPPING=1\x1b[2J \udcff"


def test_programs_started_from_here_cannot_speak_for_it(name: str) -> None:
    environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    Supervisor(environment)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize("given", ["", "relative", "vsock:2:1234"])
def test_without_a_socket_of_this_machine_nothing_is_said(given: str) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": given, "WATCHDOG_USEC": "1000"})
    supervisor.ready()
    supervisor.feed(lambda: True)
    supervisor.close()
    assert supervisor.watchdog == 0


def test_a_socket_that_nobody_hears_at_harms_nothing(quick_folder: str, tmp_path: Path) -> None:
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(f"{quick_folder}/deaf")
        supervisor = Supervisor({"NOTIFY_SOCKET": f"{quick_folder}/deaf"})
        for _ in range(5000):  # more than a socket keeps
            supervisor.status("still there")


# The watchdog


def test_the_watchdog_is_fed_while_the_loop_turns_and_no_longer(heard: socket.socket, name: str) -> None:
    alive = [True]
    supervisor = Supervisor({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": str(os.getpid())})
    assert supervisor.watchdog == 0.04
    supervisor.feed(lambda: alive[0])
    assert all_of(heard, 5) == ["WATCHDOG=1"] * 5
    alive[0] = False
    heard.settimeout(0.2)
    with pytest.raises(TimeoutError):
        all_of(heard, 50)
    alive[0] = True
    heard.settimeout(WAIT)
    assert told(heard) == "WATCHDOG=1"
    supervisor.close()
    supervisor.close()


@pytest.mark.parametrize(
    "given",
    [
        {"WATCHDOG_USEC": "40000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "-1"},
        {"WATCHDOG_USEC": "0"},
        {},
    ],
)
def test_a_watchdog_that_is_not_ours_is_not_fed(quick_folder: str, given: dict[str, str]) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": f"{quick_folder}/notify"} | given)
    supervisor.feed(lambda: True)
    assert supervisor.watchdog == 0
    supervisor.close()
