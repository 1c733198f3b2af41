"""What reading the manifests gives, wherever they were read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from reconciler.manifests.paths import parents
from reconciler.model.commits import Provenance
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.looks import Look
from reconciler.model.source_text import SourceText
from reconciler.sources.tree import IGNORE_FILE

LARGEST = 2**20
"""Bytes of a manifest (reliability.md 1). One more is read, so that the loader sees that there are more."""

_HINTS = {
    "lfs-missing": "git lfs fetch, where this is read",
    "manifest-link": f"put the file itself there, or name it in {IGNORE_FILE}",
    "manifest-submodule": f"put the files themselves there, or name it in {IGNORE_FILE}",
    "not-a-file": f"move it away, or name it in {IGNORE_FILE}",
    "name-not-utf8": "rename it",
    "unreadable": "let the user who runs this read it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRead:
    """`texts` and `diagnostics` are sorted by file.

    `missing` are the roots that are not there, as absolute paths: the guard `emptyManifests` (L16). `commit` is what
    was read, None where files were.
    """

    texts: tuple[SourceText, ...]
    diagnostics: tuple[Diagnostic, ...]
    look: Look
    relative_to: str
    missing: tuple[str, ...] = ()
    commit: Provenance | None = None

    def outside(self, sources: Iterable[str]) -> "ManifestRead":
        """Without what lies beneath the packages' sources, absolute folders: it is content, not manifests."""
        folders = frozenset(source.rstrip("/") or "/" for source in sources)
        is_inside = cache(lambda folder: folder in folders or not folders.isdisjoint(parents(folder)))
        inside = {path for path in self.look.manifests if path != "/" and is_inside(path[: path.rfind("/")] or "/")}
        if not inside:
            return self
        shown_inside = {printable(shown(path, self.relative_to)) for path in inside}
        return replace(
            self,
            texts=tuple(text for text in self.texts if text.path not in inside),
            diagnostics=tuple(one for one in self.diagnostics if one.where.file not in shown_inside),
        )


def refusal(path: str, relative_to: str, *, code: str, reason: str) -> Diagnostic:
    """Something among the manifests that is not read, and what to do about it."""
    return Diagnostic(code=code, message=reason, where=Where(printable(shown(path, relative_to))), hint=_HINTS[code])


def shown(path: str, relative_to: str) -> str:
    """A path as people see it: relative where it lies beneath that folder."""
    return path.removeprefix(f"{relative_to.rstrip('/')}/")


def printable(path: str) -> str:
    """Bytes that are not UTF-8 as `\\xff`."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")
