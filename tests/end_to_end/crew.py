"""A fleet in a folder, and `reconcile` in forked children of a process with one thread: quick enough for hundreds.

For programs that tests start (`python -m tests.end_to_end.killed_sends`): a process of pytest may have several threads.
"""

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import reconciler.cli.workshop
import reconciler.engine.reconcile
import reconciler.engine.working.loop
import reconciler.state.sqlite  # noqa: F401 - so that no child has to
from reconciler.cli.app import run

SETTINGS = """\
apiVersion: reconciler/v1
kind: Config
spec:
  settle: 1s
  workers: {count: %d, retry: {first: 1s, max: 2s}}
  guards: {bytes: 100GiB}
"""
SITE = """\
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: %s}
spec: {parent: HQ, type: secondary, address: {type: directory, path: %s}}
"""
PACKAGE = """\
---
apiVersion: reconciler/v1
kind: Package
metadata: {name: %s}
spec:
  version: "1.0"
  origin: HQ
  source: {type: directory, path: ../../payload/%s}
  setups:
    workstation:
      commands:
        - {name: install, run: %s}
"""
JOB = """\
---
apiVersion: reconciler/v1
kind: Job
metadata: {name: %s}
spec: {package: %s, command: install, targets: [{under: HQ}]}
"""
HQ = """\
apiVersion: reconciler/v1
kind: Site
metadata: {name: HQ}
spec: {}
"""


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


@dataclass(frozen=True)
class Ended:
    """`code` is negative for a signal, as of subprocesses."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Of `-o ndjson`; a line that was cut off does not count."""
        lines = self.out.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]


@dataclass(frozen=True)
class Crew:
    """The folder of the manifests is `fleet`; stores and sources lie beside it."""

    folder: Path

    @property
    def fleet(self) -> Path:
        return self.folder / "fleet"

    def store(self, site: str) -> Path:
        return self.folder / "stores" / site

    def source(self, package: str) -> Path:
        return self.folder / "payload" / package

    @property
    def stores(self) -> list[Path]:
        return sorted((self.folder / "stores").iterdir())

    def settle(self, *, sites: Iterable[str], packages: Iterable[str], slots: int = 1) -> None:
        """Write the fleet: every package is needed at every site; sources are filled by `fill`."""
        (self.fleet / "manifests").mkdir(parents=True)
        (self.fleet / "reconciler.yaml").write_text(SETTINGS % slots)
        texts = [HQ]
        for site in sites:
            self.store(site).mkdir(parents=True, exist_ok=True)
            texts.append(SITE % (site, f"../../stores/{site}"))
        texts += [JOB % (f"{package}-everywhere", package) for package in packages]
        (self.fleet / "manifests" / "fleet.yaml").write_text("".join(texts))
        for package in packages:
            self.set_up(package, "setup.exe")

    def set_up(self, package: str, command: str) -> None:
        """Write the package's manifest."""
        (self.fleet / "manifests" / f"{package}.yaml").write_text(PACKAGE % (package, package, command))

    def add(self, package: str, files: dict[str, bytes]) -> None:
        """One more package for every site, to be sent before the others."""
        fleet = self.fleet / "manifests" / "fleet.yaml"
        fleet.write_text(
            fleet.read_text()
            + JOB.replace("{package:", "{priority: high, package:") % (f"{package}-everywhere", package)
        )
        self.set_up(package, "setup.exe")
        self.fill(package, files)

    def fill(self, package: str, files: dict[str, bytes]) -> None:
        """Write files of the package's source."""
        for name, data in files.items():
            path = self.source(package) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def start(self, *arguments: str, before: Callable[[], object] = lambda: None) -> "Started":
        """Begin `reconcile ARGUMENTS...` in a child that calls `before` first."""
        number = len(list(self.folder.glob("*.out")))
        out, err = self.folder / f"{number}.out", self.folder / f"{number}.err"
        out.touch()
        child = os.fork()
        if child:
            return Started(child, out, err)
        code = 99
        try:
            self._become(out, err)
            before()
            code = run(arguments)
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def reconcile(self, *arguments: str, before: Callable[[], object] = lambda: None) -> Ended:
        """Run `reconcile ARGUMENTS...` to its end."""
        return self.start(*arguments, before=before).end()

    def done(self, *arguments: str) -> str:
        """The output of a command that must go well."""
        ended = self.reconcile(*arguments)
        assert ended.code == 0, (arguments, ended)
        return ended.out

    def plans(self) -> bool:
        """Whether a pass would change anything now."""
        return bool(json.loads(self.done("plan", "-o", "json"))["hasChanges"])

    def _become(self, out: Path, err: Path) -> None:
        os.environ["XDG_CACHE_HOME"] = str(self.folder / "cache")
        for name in [name for name in os.environ if name.startswith("RECONCILE_")]:
            del os.environ[name]
        os.chdir(self.fleet)
        for stream, file in ((1, out), (2, err)):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, stream)
            os.close(descriptor)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - the child's own
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


@dataclass(frozen=True)
class Started:
    """A child at work."""

    pid: int
    out: Path
    err: Path

    def end(self) -> Ended:
        """Wait for it."""
        _, status = os.waitpid(self.pid, 0)
        return self.ended(status)

    def ended(self, status: int) -> Ended:
        return Ended(os.waitstatus_to_exitcode(status), self.out.read_text(), self.err.read_text())

    def wait_frozen(self) -> Ended | None:
        """Wait until it has stopped itself; its end if it never does."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        return None if os.WIFSTOPPED(status) else self.ended(status)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
