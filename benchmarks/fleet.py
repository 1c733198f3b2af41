"""A fleet of any size as files: manifests, sources, and a state in which exactly 1 % of the pairs are not ready.

`python -m benchmarks.fleet --pairs 100000 DIR`. The same pairs, layout and seed write the same bytes.
"""

import argparse
import os
import random
from collections.abc import Iterator, Sequence

from benchmarks.holdings import fill_state
from benchmarks.sizes import SEED, SIZES, Layout, Size

ORIGIN = "HQ"
SITES_IN_REGION = 20

_CONFIG = """\
apiVersion: reconciler/v1
kind: Config
spec:
  manifests: {paths: [manifests]}
"""

_ORIGIN = f"""\
apiVersion: reconciler/v1
kind: Site
metadata: {{name: {ORIGIN}, labels: {{link: fibre}}}}
spec:
  title: Headquarters
  timezone: Europe/Berlin
  address: {{type: directory, path: ../../stores/{ORIGIN}}}
"""

_SITE = """\
apiVersion: reconciler/v1
kind: Site
metadata:
  name: {name}
  labels:
    fleet: shops
    region: {region}
    country: {country}
    link: {link}
spec:
  title: Shop {name} in {country}
  type: {type}
  parent: {parent}
  timezone: {timezone}
  address:
    type: directory
    path: ../../stores/{name}
  limits: {{rate: {rate}, maxConcurrent: {concurrent}, reserveFree: 2GiB}}
  windows:
    - {{name: nights, days: [mon, tue, wed, thu, fri], from: "22:00", to: "05:00"}}
    - {{name: day, days: [mon, tue, wed, thu, fri], from: "05:00", to: "22:00", allow: high, rate: 1Mbit/s}}
  verify: {{every: 7d}}
  domains:
    SALES: [{name}-PC1, {name}-PC2]
"""

_PACKAGE = """\
apiVersion: reconciler/v1
kind: Package
metadata:
  name: {name}
  labels:
    team: {team}
spec:
  title: Software {name}
  version: "{version}"
  origin: {origin}
  source:
    type: directory
    path: ../../sources/{name}
  setups:
    workstation:
      commands:
        - name: install
          run: setup.exe /quiet
          platforms: [windows-x64]
          unattended: true
        - name: remove
          run: setup.exe /remove
          platforms: [windows-x64]
          unattended: true
  priority: {priority}
"""

_JOB = """\
apiVersion: reconciler/v1
kind: Job
metadata:
  name: {name}
  labels:
    change: CHG{change:07}
spec:
  type: run-command-on-workstation
  package: {package}
  command: install
  targets:
    - {target}
  phases: [send, distribute, run]
  priority: {priority}
"""

_COUNTRIES = ("de", "Europe/Berlin"), ("fr", "Europe/Paris"), ("se", "Europe/Stockholm"), ("us", "America/New_York")
_LINKS = ("fibre", "50Mbit/s", 4), ("dsl", "4Mbit/s", 2), ("satellite", "512kbit/s", 1)
_PRIORITIES = "high", "medium", "medium", "low"

# Each reaches every site but the origin, by another way.
_EVERYWHERE = (
    f"{{under: {ORIGIN}}}",
    "{matchLabels: {fleet: shops}}",
    "{matchExpressions: [{key: region, operator: Exists}]}",
    "{matchExpressions: [{key: link, operator: In, values: [fibre, dsl, satellite]}]}",
)


def write_fleet(folder: str, size: Size, *, layout: Layout = Layout.COMPACT, seed: int = SEED) -> None:
    """Write settings, manifests and sources into `folder`; no state. Only the jobs depend on the layout."""
    chance, how = random.Random(seed), random.Random(seed)
    _write(folder, "reconciler.yaml", _CONFIG)
    _write(folder, f"manifests/sites/{ORIGIN}.yaml", _ORIGIN)
    for name, text in _sites(size, chance):
        _write(folder, f"manifests/sites/{name}.yaml", text)
    for number, name in enumerate(size.package_names):
        priority = chance.choice(_PRIORITIES)
        _write(folder, f"sources/{name}/setup.exe", f"{name} {chance.getrandbits(256):064x}\n")
        _write(folder, f"manifests/packages/{name}.yaml", _package(name, priority, chance))
        _write(folder, f"manifests/jobs/{name}.yaml", _jobs(size, number, layout, priority, how))


def _sites(size: Size, chance: random.Random) -> Iterator[tuple[str, str]]:
    """One site in twenty is a regional office, the parent of the others of its region."""
    names = size.site_names
    offices = names[: max(1, size.sites // SITES_IN_REGION)]
    for number, name in enumerate(names):
        is_office = number < len(offices)
        office = offices[number % len(offices)]
        country, timezone = chance.choice(_COUNTRIES)
        link, rate, concurrent = chance.choice(_LINKS)
        yield (
            name,
            _SITE.format(
                name=name,
                region=f"region-{office}",
                country=country,
                link=link,
                type="primary" if is_office else "secondary",
                parent=ORIGIN if is_office else office,
                timezone=timezone,
                rate=rate,
                concurrent=concurrent,
            ),
        )


def _package(name: str, priority: str, chance: random.Random) -> str:
    version = f"{chance.randrange(1, 20)}.{chance.randrange(100)}"
    team = chance.choice(("retail", "office", "warehouse"))
    return _PACKAGE.format(name=name, team=team, version=version, origin=ORIGIN, priority=priority)


def _jobs(size: Size, number: int, layout: Layout, priority: str, chance: random.Random) -> str:
    """The text of the file that requires one package at every site."""
    package = size.package_names[number]
    change = chance.randrange(10_000_000)
    match layout:
        case Layout.COMPACT:
            targets = {f"{package}-everywhere": chance.choice(_EVERYWHERE)}
        case Layout.FLAT:
            targets = {f"{package}-{site}": f"{{names: [{site}]}}" for site in size.site_names}
    return "---\n".join(
        _JOB.format(name=name, change=change, package=package, target=target, priority=priority)
        for name, target in targets.items()
    )


def _write(folder: str, path: str, text: str) -> None:
    full = os.path.join(folder, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as stream:
        stream.write(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the fleet that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="an empty folder, or one that does not exist")
    parser.add_argument("--pairs", type=int, choices=sorted(SIZES), default=1000, help="required (package, site) pairs")
    parser.add_argument("--layout", type=Layout, choices=list(Layout), default=Layout.COMPACT)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    if os.path.isdir(given.folder) and os.listdir(given.folder):
        parser.error(f"{given.folder} is not empty")
    size = SIZES[given.pairs]
    write_fleet(given.folder, size, layout=given.layout, seed=given.seed)
    fill_state(given.folder, size, seed=given.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
