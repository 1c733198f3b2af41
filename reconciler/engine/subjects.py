"""Finding the job, package or site that a question is about, or saying why it is not there."""

from collections.abc import Iterable
from typing import TypeVar

from reconciler.engine.manifests import FleetRead
from reconciler.manifests.spelling import Spelling
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.names import JobName, PackageName, SiteName

Name = TypeVar("Name", bound=str)


class NoSuchSubject(Exception):
    """A job, package or site that nobody declares; `hint` names the one that was meant, if one is near."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class LeftOut(Exception):
    """A job, package or site that is declared, or may be, but left out because of errors (L35)."""


def known_job(read: FleetRead, name: JobName) -> JobName:
    """The name itself; raises NoSuchSubject or LeftOut."""
    return _known(read, "job", name, read.fleet.jobs_by_name)


def known_package(read: FleetRead, name: PackageName) -> PackageName:
    """See `known_job`."""
    return _known(read, "package", name, read.fleet.packages_by_name)


def known_site(read: FleetRead, name: SiteName) -> SiteName:
    """See `known_job`."""
    return _known(read, "site", name, read.fleet.index)


def _known(read: FleetRead, kind: str, name: Name, valid: Iterable[Name]) -> Name:
    names = set(valid)
    if name in names:
        return name
    for declaration in read.declared.declarations:
        if declaration.document.kind.lower() == kind and declaration.name == name:
            where = declaration.document.where()
            raise LeftOut(f"{kind} {name} ({where.file}:{where.line}) is declared, but left out because of errors")
    near = Spelling(names).nearest(name)
    message = f"there is no {kind} {name} among the {len(names):,} valid ones"
    if near is None and read.declared.broken:
        files = ", ".join(read.declared.broken[:3])
        raise LeftOut(f"{message}; it may stand in what is left out because of errors: {files}")
    raise NoSuchSubject(message, hint=f"did you mean {near}?" if near else "")


def diagnostics_of(read: FleetRead, *names: tuple[str, str]) -> tuple[Diagnostic, ...]:
    """What is wrong in the files that declare these objects (kind in lower case, name)."""
    files = {
        declaration.document.file
        for declaration in read.declared.declarations
        if (declaration.document.kind.lower(), declaration.name) in names
    }
    return tuple(diagnostic for diagnostic in read.diagnostics if diagnostic.where.file in files)
