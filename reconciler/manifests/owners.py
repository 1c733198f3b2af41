"""Whose a file is: the last entry of `ownership` that matches it decides, as in CODEOWNERS."""

from collections.abc import Iterable
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
    place: int

    def speaks_of(self, path: str, *, folder: bool) -> bool:
        return self.patterns.verdict(path, folder=folder) is not None


@dataclass(frozen=True, slots=True)
class _Folder:
    """For each entry the place of its last line that matches the folder or one above it, -1 for none.

    `open` are the entries that a file's own name may still decide about, the last first, each with the lines that may
    and with what holds else; `closed` is the first that it may not, and that matches.
    """

    last: tuple[int, ...]
    open: tuple[tuple[Owned, tuple[_Line, ...], bool], ...]
    closed: Owned | None


class Owners:
    """Answers for one reading of the manifests; of files in one folder most is found out once."""

    def __init__(self, ownership: Ownership) -> None:
        self._tops = sorted({normal(top).rstrip("/") for top in ownership.tops}, key=len, reverse=True)
        self._entries = [(entry, _lines(entry.paths)) for entry in ownership.entries]
        self._folders: dict[str, _Folder] = {}
        self._files: dict[str, Owned | None] = {}

    def of(self, path: str) -> Owned | None:
        """The entry for the file at an absolute path; None if it may declare anything."""
        if path not in self._files:
            self._files[path] = self._of(self._seen(normal(path)))
        return self._files[path]

    def _of(self, path: str) -> Owned | None:
        folder = self._folder(path.rpartition("/")[0])
        for entry, lines, else_matches in folder.open:
            own = next((line for line in lines if line.speaks_of(path, folder=False)), None)
            if else_matches if own is None else own.matches:
                return entry
        return folder.closed

    def _folder(self, path: str) -> _Folder:
        found = self._folders.get(path)
        if found is None:
            found = self._folders[path] = self._read_folder(path)
        return found

    def _read_folder(self, path: str) -> _Folder:
        last = self._last(path) if path else (-1,) * len(self._entries)
        undecided = []
        for (entry, lines), known in reversed(list(zip(self._entries, last, strict=True))):
            of_files = tuple(line for line in reversed(lines[known + 1 :]) if not line.patterns.of_folders_only)
            matches = known >= 0 and lines[known].matches
            if any(line.matches is not matches for line in of_files):
                undecided.append((entry, of_files, matches))
            elif matches:
                return _Folder(last, tuple(undecided), entry)
        return _Folder(last, tuple(undecided), None)

    def _last(self, path: str) -> tuple[int, ...]:
        above = self._folder(path.rpartition("/")[0]).last
        return tuple(
            next((line.place for line in reversed(lines[known + 1 :]) if line.speaks_of(path, folder=True)), known)
            for (_, lines), known in zip(self._entries, above, strict=True)
        )

    def _seen(self, path: str) -> str:
        """The path from the innermost top above it; from the root where there is none."""
        for top in self._tops:
            if path.startswith(f"{top}/"):
                return path[len(top) + 1 :]
        return path.lstrip("/")


def _lines(paths: Iterable[str]) -> tuple[_Line, ...]:
    """A pattern that can match nothing, as git would read it, is left out."""
    known = [(patterns, not path.startswith("!")) for path in paths if (patterns := Patterns.of((path,)))]
    return tuple(_Line(patterns, matches, place) for place, (patterns, matches) in enumerate(known))
