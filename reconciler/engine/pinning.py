"""Pinning packages: what their sources hold now, written into the manifests that declare them (L40)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

from reconciler.engine.known_names import KnownNames
from reconciler.engine.manifests import Manifests
from reconciler.engine.subjects import LeftOut
from reconciler.manifests.documents import Declaration
from reconciler.manifests.pin import CannotPin, Edit, Manifest, check_edited, edited
from reconciler.manifests.resolving.fleet import sources_of
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.pins import Pin, Pinning, Rewriting
from reconciler.model.source_text import SourceText
from reconciler.sources.manifest_read import ManifestRead
from reconciler.sources.rewriting import check_unchanged, rewrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """What is to be written, nothing of it written yet; `pins` by package, `rewritings` by file."""

    pins: tuple[Pin, ...]
    rewritings: tuple[Rewriting, ...]
    diagnostics: tuple[Diagnostic, ...]


def pins_of(manifests: Manifests, names: Collection[str]) -> Pins:
    """The pins of these packages, of all without a name; raises Moved (L39), NoSuchSubject and LeftOut."""
    read = manifests.source()
    declared = manifests.declare(read)
    known = KnownNames(declared=declared)
    wanted = {known.package(name) for name in names}
    requests = [request for request in sources_of(declared) if not wanted or request.package in wanted]
    for name in sorted(wanted - {request.package for request in requests}):
        raise LeftOut(f"package {name} is declared twice: rename one of them")
    declarations = {one.name: one for one in declared.declarations if one.document.kind == "Package"}
    pins, diagnostics = [], [] if wanted else [*read.diagnostics, *declared.diagnostics]
    for done, request in enumerate(requests):
        manifests.progress(done, len(requests), request.package)
        content, declaration = manifests.content(request), declarations[request.package]
        if isinstance(content, SourceProblem):
            diagnostics.append(_diagnostic(content, declaration))
        else:
            pins.append(_pin(request, content, declaration))
    manifests.progress(len(requests), len(requests), "")
    pins, rewritings = _rewritten(pins, declarations, read)
    return Pins(
        pins=tuple(pins),
        rewritings=tuple(rewritings),
        diagnostics=tuple(sorted(diagnostics, key=attrgetter("order"))),
    )


def write(pins: Pins) -> Iterator[Rewriting]:
    """Write the files, and tell of each that is written; raises Moved if one changed since it was read, and OSError.

    All are looked at before the first is written.
    """
    for rewriting in pins.rewritings:
        check_unchanged(rewriting.path, rewriting.before)
    for rewriting in pins.rewritings:
        rewrite(rewriting.path, before=rewriting.before, after=rewriting.after)
        yield rewriting


def _pin(request: SourceRequest, content: Content, declaration: Declaration) -> Pin:
    if not content.readable:
        outcome = Pinning.ELSEWHERE
    elif request.pin == content.digest:
        outcome = Pinning.SAME
    else:
        outcome = Pinning.NEW if request.pin is None else Pinning.CHANGED
    where = declaration.document.where("spec", "source", "path" if request.pin is None else "digest")
    return Pin(package=request.package, where=where, outcome=outcome, digest=content.digest)


def _rewritten(
    pins: Iterable[Pin], declarations: dict[str, Declaration], read: ManifestRead
) -> tuple[list[Pin], list[Rewriting]]:
    """The pins, those refused that cannot be written, and the files that get the others."""
    texts = {text.file: text for text in read.texts}
    told: list[Pin] = []
    in_file: dict[str, list[Pin]] = defaultdict(list)
    for pin in pins:
        if pin.changes:
            in_file[declarations[pin.package].document.file].append(pin)
        else:
            told.append(pin)
    rewritings = []
    for file, changing in sorted(in_file.items()):
        written, rewriting = _file(texts[file], changing, declarations)
        told += written
        rewritings += [] if rewriting is None else [rewriting]
    return sorted(told, key=attrgetter("package")), rewritings


def _file(
    text: SourceText, pins: Iterable[Pin], declarations: dict[str, Declaration]
) -> tuple[list[Pin], Rewriting | None]:
    manifest = Manifest(text.data)
    told: list[Pin] = []
    edits: list[Edit] = []
    for pin in pins:
        try:
            edit = manifest.pin(declarations[pin.package], pin.digest)
        except CannotPin as error:
            told.append(replace(pin, outcome=Pinning.REFUSED, why=str(error)))
        else:
            told.append(pin)
            edits.append(edit)
    after = edited(text.data, edits)
    written = {pin.package: pin.digest for pin in told if pin.changes}
    try:
        check_edited(text.data, after, written)
    except CannotPin as error:
        return [replace(pin, outcome=Pinning.REFUSED, why=str(error)) if pin.changes else pin for pin in told], None
    if not edits:
        return told, None
    packages = tuple(sorted(written))
    return told, Rewriting(file=text.file, path=text.path, before=text.data, after=after, packages=packages)


def _diagnostic(problem: SourceProblem, declaration: Declaration) -> Diagnostic:
    """As `validate` tells it."""
    where = declaration.document.where("spec", "source", "path")
    return Diagnostic(
        code=problem.code, message=problem.message, where=where, path="spec.source.path", hint=problem.hint
    )
