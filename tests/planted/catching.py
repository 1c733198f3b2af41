"""Planting each bug in a copy of the tree, never in the tree itself, and seeing its test turn red."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.planted.bugs import ROOT, Bug

COPIED = ("reconciler", "schemas", "tests", "benchmarks", "docs", "examples", "pyproject.toml", "README.md")
LONG_ENOUGH = 300

FAILED = 1
"""What pytest ends with if tests ran and some failed; it is 2 and more if they could not even begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    bug: Bug
    caught: bool
    said: str
    """Why it counts as it does, if not by a test that failed."""


def catch(bugs: Iterable[Bug], folder: Path) -> Iterator[Caught]:
    """One after the other, in a copy within `folder`."""
    tree = folder / "tree"
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, tree / name)
    for bug in bugs:
        said = bug.apply(tree, "--check")
        if said:
            yield Caught(bug=bug, caught=False, said=f"the patch no longer applies: {said.strip()}")
            continue
        with _planted(bug, tree):
            code, told = run([bug.test], tree)
        yield Caught(bug=bug, caught=code == FAILED, said="" if code == FAILED else f"pytest ended with {code}: {told}")


def run(tests: Iterable[str], tree: Path = ROOT) -> tuple[int, str]:
    """How pytest ends, and its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=LONG_ENOUGH,
        check=False,
    )
    return done.returncode, (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]


@contextmanager
def _planted(bug: Bug, tree: Path) -> Iterator[None]:
    assert not bug.apply(tree)
    try:
        yield
    finally:
        assert not bug.apply(tree, "--reverse")
