"""What a snapshot found, package by package: kept by who asks again, for a state that can tell what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.snapshot import Difference, Send, WantedPackage

MOST = 5_000
"""Differences, and open sends, that are kept; a first roll-out has millions, and is over some day (P5)."""


@dataclass(frozen=True, slots=True)
class KnownPackage:
    """What was asked, the state's token of what it had of the package then, and the answer.

    `oldest` is the oldest verification among its ready pairs; `held`: some site holds the wanted revision. `sends` are
    its open ones, by site.
    """

    asked: WantedPackage
    token: int | None
    differences: tuple[Difference, ...]
    oldest: Instant | None
    held: bool
    sends: tuple[Send, ...] = ()


@dataclass(slots=True)
class KnownPairs:
    """Filled by `State.snapshot`, whose answer does not depend on it; `sites` and `turns` belong to every question."""

    sites: tuple[SiteName, ...] = ()
    turns: Mapping[Any, int] = field(default_factory=dict)
    packages: Mapping[PackageName, KnownPackage] = field(default_factory=dict)
