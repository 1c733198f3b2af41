"""From the files of the manifests to what they declare: each object valid by itself, nothing resolved yet.

A bad document spoils itself only, a file that cannot be parsed its file only (L35). Everything wrong is
said in one run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, itemgetter

from reconciler.manifests.declaring.content import (
    SourceClaim,
    contents_of,
    knotted,
    swallowed,
    taken,
    taking_of_others,
)
from reconciler.manifests.declaring.object_reader import ObjectReader
from reconciler.manifests.documents import Declaration, Declared
from reconciler.manifests.owners import NOBODY, Owners, Ownership
from reconciler.manifests.parsing.text import read_text
from reconciler.manifests.paths import normal
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText

Order = tuple[str, str, Where]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What one file declares. `is_bare`: it holds no document at all; `sources` are folders its packages name.

    Each declaration stands behind its place among all: kind, name, place.
    """

    file: str
    path: str
    declarations: tuple[tuple[Order, Declaration], ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceClaim, ...]
    is_bare: bool


def read_file(source: SourceText, *, defaults: tuple[Default, ...], settings_directory: str) -> FileRead:
    """What one file declares: a pure function of its bytes, its place and the defaults."""
    text = read_text(source.data, source.file)
    reader = ObjectReader(source, defaults=defaults, settings_directory=settings_directory)
    declarations = filter(None, map(reader.read, text.documents))
    return FileRead(
        file=source.file,
        path=normal(source.path),
        declarations=tuple((_order(declaration), declaration) for declaration in declarations),
        diagnostics=(*text.mistakes, *reader.diagnostics),
        sources=tuple(reader.sources),
        is_bare=text.is_bare,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """What each file declares, with the file, and what that depends on beside its bytes.

    Given to the next `read_files` it saves the parsing of every file that is still the same. As a file read twice says
    the same twice, nothing else comes of it; what is gone is not kept. Only who reads again and again keeps one (P5).
    """

    defaults: tuple[Default, ...]
    settings_directory: str
    files: tuple[tuple[SourceText, FileRead], ...]


def read_files(
    texts: Iterable[SourceText],
    *,
    defaults: tuple[Default, ...],
    settings_directory: str,
    before: FilesRead | None = None,
) -> FilesRead:
    """What each of the files declares; `before` is what an earlier call answered, whatever it was about."""
    same = before is not None and (before.defaults, before.settings_directory) == (defaults, settings_directory)
    known = {one[0].file: one for one in before.files} if before is not None and same else {}
    files = []
    for text in texts:
        found = known.get(text.file)
        if found is None or (found[0] is not text and found[0] != text):
            found = text, read_file(text, defaults=defaults, settings_directory=settings_directory)
        files.append(found)
    return FilesRead(defaults=defaults, settings_directory=settings_directory, files=tuple(files))


def declare(texts: Iterable[SourceText], *, defaults: tuple[Default, ...], settings_directory: str) -> Declared:
    """What all files declare, read once."""
    return declared(read_files(texts, defaults=defaults, settings_directory=settings_directory))


def declared(files: FilesRead, ownership: Ownership = NOBODY) -> Declared:
    """What all files declare. Files beneath the source of a package are content, not manifests: they are left out.

    But no package takes files of other owners away by a source that holds them.
    """
    reads = [read for _, read in files.files]
    claims = tuple(chain.from_iterable(read.sources for read in reads))
    owners = Owners(ownership) if ownership else None
    taking = {} if owners is None else taking_of_others(claims, {read.path: read.file for read in reads}, owners)
    contents = contents_of(claim for claim in claims if claim not in taking)
    kept: list[FileRead] = []
    left_out: dict[str, list[str]] = {}
    for read in reads:
        holder = contents.holder(read.path)
        if holder is None:
            kept.append(read)
        elif read.declarations:
            left_out.setdefault(holder.folder, []).append(read.file)
    knots = [knotted(claim) for claim in contents.knots]
    knots += [taken(claim, file) for claim, file in taking.items()]
    warnings = [swallowed(contents.claims[folder], files) for folder, files in left_out.items()]
    placed = sorted(chain.from_iterable(read.declarations for read in kept), key=itemgetter(0))
    diagnostics = chain(knots, warnings, *(read.diagnostics for read in kept))
    return Declared(
        declarations=tuple(_without((*contents.knots, *taking), (declaration for _, declaration in placed))),
        diagnostics=tuple(sorted(diagnostics, key=attrgetter("order"))),
        broken=tuple(sorted({*(read.file for read in kept if read.diagnostics), *(knot.where.file for knot in knots)})),
        empty=all(read.is_bare for read in kept),
        owners=owners,
    )


def _without(knots: tuple[SourceClaim, ...], declarations: Iterable[Declaration]) -> Iterable[Declaration]:
    """The declarations without the packages that are knotted."""
    if not knots:
        return declarations
    names = {(knot.path, knot.package) for knot in knots}
    return (one for one in declarations if one.document.kind != "Package" or (normal(one.path), one.name) not in names)


def _order(declaration: Declaration) -> Order:
    document = declaration.document
    return document.kind, document.name, document.where()
