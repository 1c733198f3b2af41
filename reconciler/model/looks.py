"""What a look at files saw. Two looks that agree: nothing was being written in between (L39)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

Mark = tuple[Hashable, ...]
"""What one look saw of one file, folder or source; means nothing but equal or not."""


class Moved(Exception):
    """Files changed while they were being read: nothing read may be acted on; look again (exit code 5)."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        super().__init__(f"changed while being read: {', '.join(paths[:3])}")
        self.paths = paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at everything a pass depends on besides the state; absolute path → mark.

    `manifests` holds the settings file, the roots, every folder and every manifest beneath them; `sources` one mark for
    each package source, however many files it has. `unsettled` are sources that do not come to rest: a pass
    does without them, so that one busy folder does not hold up the others (R9).
    """

    manifests: Mapping[str, Mark]
    sources: Mapping[str, Mark] = field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()

    def moved(self, other: "Look") -> tuple[str, ...]:
        """The paths whose marks differ, manifests first, each sorted; empty when the two looks agree."""
        return (*_differing(self.manifests, other.manifests), *_differing(self.sources, other.sources))


def _differing(one: Mapping[str, Mark], other: Mapping[str, Mark]) -> tuple[str, ...]:
    if one == other:
        return ()
    return tuple(sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path)))
