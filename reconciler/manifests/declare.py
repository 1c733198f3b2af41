"""From the files of the manifests to what they declare: each object valid by itself, nothing resolved yet.

A bad document spoils itself only, a file that cannot be parsed its file only (L35). Everything wrong is
said in one run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from reconciler.manifests.documents import Declaration, Declared
from reconciler.manifests.object_reader import ObjectReader, SourceFolder
from reconciler.manifests.paths import parents
from reconciler.manifests.text import read_text
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What one file declares. `is_bare`: it holds no document at all; `sources` are folders its packages name."""

    file: str
    path: str
    declarations: tuple[Declaration, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceFolder, ...]
    is_bare: bool


def read_file(source: SourceText, *, defaults: tuple[Default, ...], settings_directory: str) -> FileRead:
    """What one file declares: a pure function of its bytes, its place and the defaults."""
    text = read_text(source.data, source.file)
    reader = ObjectReader(source, defaults=defaults, settings_directory=settings_directory)
    declarations = tuple(filter(None, map(reader.read, text.documents)))
    return FileRead(
        file=source.file,
        path=source.path,
        declarations=declarations,
        diagnostics=(*text.mistakes, *reader.diagnostics),
        sources=tuple(reader.sources),
        is_bare=text.is_bare,
    )


def declare(texts: Iterable[SourceText], *, defaults: tuple[Default, ...], settings_directory: str) -> Declared:
    """What all files declare. Files beneath the source of a package are content, not manifests: they are left out."""
    reads = [read_file(text, defaults=defaults, settings_directory=settings_directory) for text in texts]
    kept, warnings = _without_content(reads)
    diagnostics = chain(warnings, *(read.diagnostics for read in kept))
    return Declared(
        declarations=tuple(sorted(chain.from_iterable(read.declarations for read in kept), key=_order)),
        diagnostics=tuple(sorted(diagnostics, key=attrgetter("order"))),
        broken=tuple(sorted({read.file for read in kept if read.diagnostics})),
        empty=all(read.is_bare for read in kept),
    )


def _order(declaration: Declaration) -> tuple[str, str, object]:
    document = declaration.document
    return document.kind, document.name, document.where()


def _without_content(reads: list[FileRead]) -> tuple[list[FileRead], list[Diagnostic]]:
    """The files that lie beneath no source but their own packages', and a warning where objects are left out so."""
    folders = _folders(reads)
    kept: list[FileRead] = []
    swallowed: dict[str, list[str]] = {}
    for read in reads:
        holder = _holder(read.path, folders)
        if holder is None:
            kept.append(read)
        elif read.declarations:
            swallowed.setdefault(holder, []).append(read.file)
    return kept, [_warning(folders[holder][0][1], files) for holder, files in swallowed.items()]


_Folders = dict[str, list[tuple[str, SourceFolder]]]
"""Folder → who says that it is a source: the path of the file, and the place in it."""


def _folders(reads: list[FileRead]) -> _Folders:
    """The folders that are sources; what a file beneath another source says does not count, so outer ones go first."""
    claimed: _Folders = {}
    for read in reads:
        for source in read.sources:
            claimed.setdefault(source.path, []).append((read.path, source))
    folders: _Folders = {}
    for folder in sorted(claimed):
        claims = [claim for claim in claimed[folder] if _holder(claim[0], folders) is None]
        if claims:
            folders[folder] = sorted(claims, key=lambda claim: claim[1].where)
    return folders


def _holder(path: str, folders: _Folders) -> str | None:
    """The source that the file at `path` is content of; a file is not content of a package it declares."""
    if not folders:
        return None
    for folder in parents(path):
        claims = folders.get(folder)
        if claims is not None and all(path != declaring for declaring, _ in claims):
            return folder
    return None


def _warning(source: SourceFolder, files: list[str]) -> Diagnostic:
    which = files[0] if len(files) == 1 else f"{min(files)} and {len(files) - 1} more"
    return Diagnostic(
        code="manifests-in-source",
        severity=Severity.WARNING,
        message=f'objects in {which} are not read: the files are content of package "{source.package}"',
        where=source.where,
        path="spec.source.path",
        hint="if they are meant, move them or the source elsewhere",
    )
