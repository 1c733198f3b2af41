"""A fleet whose sends were carried out, and what lies in its stores: for the commands that remove."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.conftest import Reconcile

CAD = """\
apiVersion: reconciler/v1
kind: Package
metadata: {name: cad}
spec:
  origin: HQ1
  source: {type: directory, path: ../payload/cad}
  setups: {workstation: {commands: [{name: install, run: setup.exe}]}}
---
apiVersion: reconciler/v1
kind: Job
metadata: {name: cad-de}
spec: {package: cad, command: install, targets: [{names: [DE1]}]}
"""


@dataclass(frozen=True)
class Shops:
    """Two packages: till-4 at EU1 and DE1, cad at DE1; packed in the depot of HQ1 beside the state."""

    here: Path
    reconcile: Reconcile

    def store(self, site: str) -> Path:
        return self.here / "stores" / site

    @property
    def depot(self) -> Path:
        return self.here / ".reconciler" / "depot" / "hq1"

    def release(self, text: str, *, package: str = "till") -> None:
        """A new revision of a package, sent everywhere."""
        file = self.here / "payload" / package / "setup.exe"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text * 1000)
        self.send()

    def send(self) -> None:
        assert self.reconcile().code == 0
        worked = self.reconcile("work", "--until-idle")
        assert worked.code == 0, worked.out

    def unneeded(self) -> None:
        """No job needs cad any more, and the pass that notices was made."""
        file = self.here / "manifests" / "cad.yaml"
        file.write_text(file.read_text().partition("---")[0])
        assert self.reconcile().code == 0

    def records(self, site: str, package: str = "till-4") -> list[int]:
        return sorted(int(file.stem) for file in (self.store(site) / "records" / package).glob("*.json"))

    def packs(self, site: str) -> int:
        return len(list((self.store(site) / "packs").glob("*")))

    def json(self, *arguments: str) -> Any:
        return json.loads(self.reconcile(*arguments, "-o", "json").out)

    def is_ready(self, package: str, site: str) -> bool:
        return self.reconcile("ready", "--package", package, "--site", site).code == 0


def shops(here: Path, reconcile: Reconcile) -> Shops:
    """Everything is sent."""
    for site in ("EU1", "DE1"):
        (here / "stores" / site).mkdir(parents=True)
    (here / "manifests" / "cad.yaml").write_text(CAD)
    found = Shops(here, reconcile)
    (here / "payload" / "cad").mkdir()
    (here / "payload" / "cad" / "setup.exe").write_bytes(b"CAD" * 900)
    found.send()
    return found
