"""The command line run in this process, and small fleets to run it on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.app import run


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Reconcile = Callable[..., Ended]

SITES = """\
apiVersion: reconciler/v1
kind: Site
metadata: {name: HQ1}
spec: {}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: EU1, labels: {region: emea}}
spec: {parent: HQ1, address: {type: directory, path: ../stores/EU1}}
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: DE1, labels: {region: emea, country: de}}
spec: {parent: EU1, type: secondary, address: {type: directory, path: ../stores/DE1}}
"""
PACKAGE = """\
apiVersion: reconciler/v1
kind: Package
metadata: {name: till-4}
spec:
  version: "4.20"
  origin: HQ1
  source: {type: directory, path: ../payload/till}
  setups:
    workstation:
      commands:
        - {name: install, run: setup.exe}
"""
JOB = """\
apiVersion: reconciler/v1
kind: Job
metadata: {name: till-emea}
spec:
  package: till-4
  command: install
  targets:
    - {under: EU1}
"""


@pytest.fixture
def tmp_path(quick_folder: str) -> Path:
    """No test of the command line asks whether a flush reached the disk."""
    return Path(quick_folder)


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reconcile:
    """Run `reconcile ARGUMENTS...` in a folder of its own; returns how it ended."""
    workplace = tmp_path / "work"
    workplace.mkdir()
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in list(os.environ):
        if name.startswith("RECONCILE_") or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)

    def reconcile(*arguments: str) -> Ended:
        before = os.getcwd()
        try:
            code = run(arguments)
        finally:
            os.chdir(before)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return reconcile


@pytest.fixture
def fleet(reconcile: Reconcile) -> Path:
    """Three sites, one package, one job that needs it at two of them; the working directory."""
    here = Path.cwd()
    (here / "manifests").mkdir()
    (here / "manifests" / "sites.yaml").write_text(SITES)
    (here / "manifests" / "till.yaml").write_text(PACKAGE)
    (here / "manifests" / "job.yaml").write_text(JOB)
    (here / "payload" / "till").mkdir(parents=True)
    (here / "payload" / "till" / "setup.exe").write_bytes(b"MZ" * 500)
    return here
