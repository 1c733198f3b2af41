"""Manifests from a directory tree."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.looks import Look
from reconciler.model.source_text import SourceText


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRead:
    """`texts` sorted by file. `missing` are roots that are not there: the guard `emptyManifests` (L16)."""

    texts: tuple[SourceText, ...]
    diagnostics: tuple[Diagnostic, ...]
    look: Look
    missing: tuple[str, ...] = ()


def read_manifests(
    paths: Sequence[str], *, ignore: Sequence[str], skip_files: Sequence[str], relative_to: str
) -> ManifestRead:
    """Read every manifest at or beneath `paths`; raises `Moved` if any of it changed meanwhile (L39)."""
    raise NotImplementedError
