"""A place of work with one package required at any number of directory sites, and its jobs recorded."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.commands import RECONCILE, CommandFailed

_CONFIG = """\
apiVersion: reconciler/v1
kind: Config
spec:
  manifests: {paths: [manifests]}
"""

_ORIGIN = """\
apiVersion: reconciler/v1
kind: Site
metadata: {name: HQ}
spec: {title: Headquarters}
"""

_SITE = """\
apiVersion: reconciler/v1
kind: Site
metadata: {{name: {name}, labels: {{kind: shop}}}}
spec:
  title: Shop {name}
  type: secondary
  parent: HQ
  address: {{type: directory, path: {store}}}
"""

_PACKAGE = """\
apiVersion: reconciler/v1
kind: Package
metadata: {{name: {name}}}
spec:
  title: Software {name}
  version: "1.0"
  origin: HQ
  source: {{type: directory, path: {source}}}
  setups:
    workstation:
      commands:
        - {{name: install, run: {run}, platforms: [windows-x64], unattended: true}}
"""

_JOB = """\
apiVersion: reconciler/v1
kind: Job
metadata: {{name: {name}-everywhere}}
spec:
  package: {name}
  command: install
  targets:
    - matchLabels: {{kind: shop}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A folder with manifests, a state, and a store for each site beneath it."""

    folder: str
    sites: int
    variables: Mapping[str, str]

    @property
    def stores(self) -> tuple[str, ...]:
        return tuple(os.path.join(self.folder, "stores", f"S{number:04}") for number in range(1, self.sites + 1))

    def make(self) -> None:
        """Sites and their empty stores; no package yet."""
        _write(self.folder, "reconciler.yaml", _CONFIG)
        _write(self.folder, "manifests/sites/HQ.yaml", _ORIGIN)
        for store in self.stores:
            name = os.path.basename(store)
            os.makedirs(store)
            _write(self.folder, f"manifests/sites/{name}.yaml", _SITE.format(name=name, store=store))

    def require(self, source: str, *, package: str = "P", run: str = "setup.exe") -> None:
        """From now on this is what the package is, and every site needs it."""
        given = {"name": package, "source": os.path.abspath(source), "run": run}
        _write(self.folder, f"manifests/packages/{package}.yaml", _PACKAGE.format(**given))
        _write(self.folder, f"manifests/jobs/{package}.yaml", _JOB.format(**given))

    def record(self) -> None:
        """Record what the manifests need; raises CommandFailed."""
        command = [RECONCILE, "--quiet"]
        told = subprocess.run(command, cwd=self.folder, env=self.variables, capture_output=True, check=False)
        if told.returncode:
            raise CommandFailed(command, told.returncode, told.stderr.decode(errors="replace"))

    def arrived(self, told: bytes) -> int:
        """Bytes that went to each site, from what `work -o ndjson` told; raises RuntimeError unless all arrived."""
        last = json.loads(told.splitlines()[-1])
        if last["event"] != "worker-stopped" or last["arrived"] != self.sites:
            raise RuntimeError(f"{self.folder}: {self.sites} sends should have arrived: {last}")
        return int(last["bytes"]) // self.sites


def work(workers: int) -> tuple[str, ...]:
    """The command that carries out what is recorded."""
    return (RECONCILE, "work", "--until-idle", "--workers", str(workers), "-o", "ndjson")


def _write(folder: str, path: str, text: str) -> None:
    full = os.path.join(folder, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as stream:
        stream.write(text)
