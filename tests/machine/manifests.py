"""The fleet that the machine edits: sites, jobs, and packages whose sources are real files."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from reconciler.model.keys import canonical
from reconciler.model.names import Digest, SiteName
from reconciler.model.packages import Content, Package, SourceRequest
from reconciler.model.quantities import Bytes, Percent
from reconciler.model.settings import Guards, ShareGuard
from reconciler.model.sites import Address, Site
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from tests.parcels.depots import noise, plant
from tests.planning.builders import WantedJob, World, package, site

HQ = SiteName("HQ")
SITES = ("A", "B", "C")
"""C is beneath A; B and C may leave and come back."""

PACKAGES = ("p", "q")
CONTENTS = 3
SETUPS = 2

GUARDS = Guards(heals=ShareGuard(share=Percent(40.0), start=2))
"""So that one of them trips now and then in a fleet as small as this."""


@cache
def files(name: str, content: int) -> Mapping[str, bytes]:
    """Of one revision. They share a file, and the packages share one too: chunks are shared at a site."""
    return {
        "bin/setup": noise(1, 150_000),
        f"{name}/data": noise(2 + PACKAGES.index(name), 150_000),
        f"{name}/notes": noise(10 + 10 * PACKAGES.index(name) + content, 20_000 + content),
    }


class Sources:
    """Sources in folders, one for each revision, and what reading them told; written once for all examples."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[tuple[str, int], tuple[str, Content]] = {}

    def of(self, name: str, content: int) -> tuple[str, Content]:
        key = name, content
        if key not in self._known:
            path = str(plant(self._root / f"{name}-{content}", files(name, content)))
            found = read_content(SourceRequest(package=name, path=path), DigestCache(None))
            assert isinstance(found, Content), found
            self._known[key] = path, found
        return self._known[key]

    def package(self, name: str, *, content: int, setup: int) -> Package:
        path, found = self.of(name, content)
        setups = {"workstation": {"commands": [{"name": "install", "run": f"setup --mode {setup}"}]}}
        plain = package(name, origin=HQ)
        return replace(
            plain,
            content=found,
            source=replace(plain.source, path=path),
            setups=setups,
            setup=Digest(f"sha256:{hashlib.sha256(canonical(setups)).hexdigest()}"),
            setup_size=Bytes(len(canonical(setups))),
        )


def fleet(sources: Sources, stores: Path) -> World:
    """Everything at its first revision, needed everywhere."""
    world = World(guards=GUARDS)
    world.add(site_at(stores, HQ, None), *(site_at(stores, name, "A" if name == "C" else HQ) for name in SITES))
    world.add(*(sources.package(name, content=0, setup=0) for name in PACKAGES))
    return world.add(WantedJob("all-p", "p", ("under HQ",)), WantedJob("some-q", "q", ("under A",)))


def site_at(stores: Path, name: str, parent: str | None) -> Site:
    return replace(site(name, parent), address=Address(type="directory", path=str(stores / name)))
