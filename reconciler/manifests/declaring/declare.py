"""From the files of the manifests to what they declare: each object valid by itself, nothing resolved yet.

A bad document spoils itself only, a file that cannot be parsed its file only (L35). Everything wrong is
said in one run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from reconciler.manifests.declaring.content import SourceClaim, contents_of, knotted, swallowed
from reconciler.manifests.declaring.object_reader import ObjectReader
from reconciler.manifests.documents import Declaration, Declared
from reconciler.manifests.parsing.text import read_text
from reconciler.manifests.paths import normal
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What one file declares. `is_bare`: it holds no document at all; `sources` are folders its packages name."""

    file: str
    path: str
    declarations: tuple[Declaration, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[SourceClaim, ...]
    is_bare: bool


def read_file(source: SourceText, *, defaults: tuple[Default, ...], settings_directory: str) -> FileRead:
    """What one file declares: a pure function of its bytes, its place and the defaults."""
    text = read_text(source.data, source.file)
    reader = ObjectReader(source, defaults=defaults, settings_directory=settings_directory)
    declarations = tuple(filter(None, map(reader.read, text.documents)))
    return FileRead(
        file=source.file,
        path=normal(source.path),
        declarations=declarations,
        diagnostics=(*text.mistakes, *reader.diagnostics),
        sources=tuple(reader.sources),
        is_bare=text.is_bare,
    )


def declare(texts: Iterable[SourceText], *, defaults: tuple[Default, ...], settings_directory: str) -> Declared:
    """What all files declare. Files beneath the source of a package are content, not manifests: they are left out."""
    reads = [read_file(text, defaults=defaults, settings_directory=settings_directory) for text in texts]
    contents = contents_of(chain.from_iterable(read.sources for read in reads))
    kept: list[FileRead] = []
    left_out: dict[str, list[str]] = {}
    for read in reads:
        holder = contents.holder(read.path)
        if holder is None:
            kept.append(read)
        elif read.declarations:
            left_out.setdefault(holder.folder, []).append(read.file)
    knots = [knotted(claim) for claim in contents.knots]
    warnings = [swallowed(contents.claims[folder], files) for folder, files in left_out.items()]
    declarations = chain.from_iterable(read.declarations for read in kept)
    diagnostics = chain(knots, warnings, *(read.diagnostics for read in kept))
    return Declared(
        declarations=tuple(sorted(_without(contents.knots, declarations), key=_order)),
        diagnostics=tuple(sorted(diagnostics, key=attrgetter("order"))),
        broken=tuple(sorted({*(read.file for read in kept if read.diagnostics), *(knot.where.file for knot in knots)})),
        empty=all(read.is_bare for read in kept),
    )


def _without(knots: tuple[SourceClaim, ...], declarations: Iterable[Declaration]) -> Iterator[Declaration]:
    """The declarations without the packages that are knotted."""
    names = {(knot.path, knot.package) for knot in knots}
    for declaration in declarations:
        document = declaration.document
        path = normal(f"{document.directory}/{document.file.rsplit('/', 1)[-1]}")
        if not (names and document.kind == "Package" and (path, document.name) in names):
            yield declaration


def _order(declaration: Declaration) -> tuple[str, str, Where]:
    document = declaration.document
    return document.kind, document.name, document.where()
