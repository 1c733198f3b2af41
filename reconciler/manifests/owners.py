"""Whose a file is: the last entry of `ownership` that matches it decides, as in CODEOWNERS."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.manifests.paths import normal
from reconciler.model.ignoring import Patterns
from reconciler.model.settings import Owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """The entries in their order; their patterns speak of files as seen from one of `tops`, the innermost one."""

    entries: tuple[Owned, ...] = ()
    tops: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries)


NOBODY = Ownership()
"""Every file may declare anything."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One pattern of one entry; a line that begins with `!` takes away again what earlier ones of its entry match."""

    patterns: Patterns
    matches: bool


class Owners:
    """Answers for one reading of the manifests; folders are asked once."""

    def __init__(self, ownership: Ownership) -> None:
        self._tops = sorted({normal(top).rstrip("/") for top in ownership.tops}, key=len, reverse=True)
        self._entries = [(entry, _lines(entry.paths)) for entry in ownership.entries]
        self._above: dict[str, tuple[int, ...]] = {}
        self._files: dict[str, Owned | None] = {}

    def of(self, path: str) -> Owned | None:
        """The entry for the file at an absolute path; None if it may declare anything."""
        if path not in self._files:
            self._files[path] = self._of(self._seen(normal(path)))
        return self._files[path]

    def _of(self, path: str) -> Owned | None:
        above = self._folder(path.rpartition("/")[0])
        for number in range(len(self._entries) - 1, -1, -1):
            entry, lines = self._entries[number]
            last = above[number]
            for place in range(len(lines) - 1, last, -1):
                if lines[place].patterns.verdict(path, folder=False) is not None:
                    last = place
                    break
            if last >= 0 and lines[last].matches:
                return entry
        return None

    def _folder(self, path: str) -> tuple[int, ...]:
        """For each entry the last line that matches the folder or one above it, -1 for none."""
        found = self._above.get(path)
        if found is None:
            if not path:
                found = (-1,) * len(self._entries)
            else:
                above = self._folder(path.rpartition("/")[0])
                found = tuple(_last(lines, path, above[number]) for number, (_, lines) in enumerate(self._entries))
            self._above[path] = found
        return found

    def _seen(self, path: str) -> str:
        """The path from the innermost top above it; from the root where there is none."""
        for top in self._tops:
            if path.startswith(f"{top}/"):
                return path[len(top) + 1 :]
        return path.lstrip("/")


def _last(lines: Sequence[_Line], folder: str, after: int) -> int:
    for place in range(len(lines) - 1, after, -1):
        if lines[place].patterns.verdict(folder, folder=True) is not None:
            return place
    return after


def _lines(paths: Iterable[str]) -> tuple[_Line, ...]:
    """A pattern that can match nothing, as git would read it, is left out."""
    lines = ((Patterns.of((path,)), not path.startswith("!")) for path in paths)
    return tuple(_Line(patterns, matches) for patterns, matches in lines if patterns)
