"""A small fleet in a folder of its own, and `reconcile` as a process in it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.conftest import JOB, PACKAGE, SITES
from tests.forks.starting import reconcile as forked
from tests.forks.staying import Staying, stay

LONG_ENOUGH = 30.0
"""Seconds to wait for what has to come; far more than it takes."""


@dataclass(frozen=True)
class Workshop:
    """`starts`: whether a command that stays is the program that users start; else it is forked, in no time."""

    folder: Path
    at: str = "fleet"
    starts: bool = False

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILE_")}
        return kept | {"XDG_CACHE_HOME": str(self.folder / "cache"), "PYTHONPATH": os.getcwd()}

    @property
    def here(self) -> Path:
        return self.folder / self.at

    def reconcile(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `reconcile` to its end."""
        return forked(arguments, folder=self.here, variables=self.environment)

    def swap(self, name: str, text: str) -> None:
        """Change a file in one step, so that nobody ever reads a half of it."""
        new = self.folder / "new"
        new.write_text(text)
        new.replace(self.here / name)

    def sends(self) -> dict[tuple[str, str, int], str]:
        """Every row ever recorded: (send-only job, site, number of rows so far) → state."""
        status = json.loads(self.reconcile("status", "-o", "json").stdout)
        rows = [(job["name"], row["site"], row["state"]) for job in status["sends"] for row in job["sites"]]
        return {(name, site, rows.count((name, site, state))): state for name, site, state in rows}

    @contextmanager
    def watching(self, *arguments: str) -> Iterator["Watch"]:
        """`reconcile watch -o ndjson` while the block runs, without the sends unless `arguments` say otherwise."""
        with self.running("watch", "-o", "ndjson", *(arguments or ("--no-work",))) as watch:
            yield watch

    @contextmanager
    def running(self, *arguments: str) -> Iterator["Watch"]:
        """A command that stays, while the block runs; killed at its end if it still lives."""
        output = self.folder / f"watch-{len(list(self.folder.glob('watch-*.out')))}.out"
        errors = output.with_suffix(".err")
        with output.open("w") as out, errors.open("w") as err:
            process = self._begin(arguments, out.fileno(), err.fileno())
            try:
                yield Watch(process, output, errors)
            finally:
                process.kill()
                process.wait()

    def _begin(self, arguments: Sequence[str], out: int, err: int) -> "subprocess.Popen[bytes] | Staying":
        if not self.starts:
            return stay(arguments, folder=self.here, variables=self.environment, out=out, err=err)
        command = [sys.executable, "-m", "reconciler", *arguments]
        return subprocess.Popen(command, cwd=self.here, env=self.environment, stdout=out, stderr=err)


@dataclass(frozen=True)
class Watch:
    process: "subprocess.Popen[bytes] | Staying"
    output: Path
    errors: Path

    def passes(self) -> list[dict[str, Any]]:
        """The passes told so far; only whole lines count."""
        return [json.loads(line) for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def until(
        self, seen: Callable[[list[dict[str, Any]]], bool], *, seconds: float = LONG_ENOUGH
    ) -> list[dict[str, Any]]:
        """The passes once they are as wanted; fails when they never are."""
        give_up = time.monotonic() + seconds
        while not seen(passes := self.passes()):
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < give_up, (passes, self.errors.read_text())
            time.sleep(0.02)
        return passes

    def tells(self, words: str) -> None:
        """Wait until it has said this; fails when it never does."""
        give_up = time.monotonic() + LONG_ENOUGH
        while words not in self.errors.read_text():
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < give_up, self.errors.read_text()
            time.sleep(0.02)

    def end(self, signal: int) -> int:
        """Its exit code after the signal; fails if it takes more than ten seconds."""
        self.process.send_signal(signal)
        return self.process.wait(timeout=10)


def workshop(folder: Path, *, settle: str = "1s") -> Workshop:
    """Three sites, a package, a job that needs it at two of them; nothing recorded yet."""
    here = folder / "fleet"
    (here / "manifests").mkdir(parents=True)
    (here / "payload" / "till").mkdir(parents=True)
    (here / "manifests" / "sites.yaml").write_text(SITES)
    (here / "manifests" / "till.yaml").write_text(PACKAGE)
    (here / "manifests" / "job.yaml").write_text(JOB)
    (here / "payload" / "till" / "setup.exe").write_bytes(b"MZ" * 500)
    (here / "reconciler.yaml").write_text(f"apiVersion: reconciler/v1\nkind: Config\nspec: {{settle: {settle}}}\n")
    return Workshop(folder)
