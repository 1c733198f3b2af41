"""Commands measured in turns: one run of each in every round, medians over the rounds.

What disturbs the machine for a moment then disturbs all alike, and ratios of medians hold where absolute times do not.
"""

import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.commands import PYTHON, CommandFailed

_LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`reports_itself`: it prints the CPU seconds of its work alone, without the start of the interpreter.

    `rounds` is set for what takes too long to be run in each round.
    """

    name: str
    arguments: tuple[str, ...]
    folder: str = "."
    reports_itself: bool = False
    rounds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one run took. `cpu` is user and system time of the process and its children, in seconds."""

    cpu: float
    wall: float
    peak_kib: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All runs of one command."""

    runs: tuple[Usage, ...]

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.runs)

    @property
    def wall(self) -> float:
        return statistics.median(run.wall for run in self.runs)

    @property
    def peak_mib(self) -> float:
        return statistics.median(run.peak_kib for run in self.runs) / 1024


def in_turns(commands: Sequence[Command], *, rounds: int, environment: Mapping[str, str]) -> Mapping[str, Measured]:
    """Name → what its runs took. Each command ran once before, so that files and bytecode are in memory."""
    for command in commands:
        if command.rounds is None:
            run_once(command, environment)
    runs: dict[str, list[Usage]] = {command.name: [] for command in commands}
    for number in range(rounds):
        for command in commands:
            if number < (command.rounds or rounds):
                runs[command.name].append(run_once(command, environment))
    return {name: Measured(tuple(found)) for name, found in runs.items()}


def run_once(command: Command, environment: Mapping[str, str]) -> Usage:
    """Run a command to its end; raises CommandFailed."""
    return run(command, environment)[0]


def run(command: Command, environment: Mapping[str, str]) -> tuple[Usage, bytes]:
    """The same, and what the command wrote to standard output; raises CommandFailed."""
    with tempfile.NamedTemporaryFile() as kept:
        told = subprocess.run(
            [PYTHON, "-I", "-S", _LAUNCHER, kept.name, *command.arguments],
            cwd=command.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        printed = kept.read()
    cpu, wall, peak, code = told.stdout.split()
    if int(code):
        raise CommandFailed(command.arguments, int(code), told.stderr)
    own = float(printed) if command.reports_itself else float(cpu)
    return Usage(cpu=own, wall=float(wall), peak_kib=int(peak)), printed
