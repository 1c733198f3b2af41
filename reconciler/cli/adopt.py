"""`reconcile adopt`: at a site, what lies there already becomes content that no send moves."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output, complete_package, complete_site

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.adopting import Adoption
    from reconciler.model.names import Digest
    from reconciler.model.packages import Content, SourceProblem, SourceRequest

UNCHANGED = "nothing was changed"


def adopt(
    options: Options,
    package: Annotated[
        str, typer.Argument(metavar="PACKAGE", help="Whose content it is.", autocompletion=complete_package)
    ],
    source: Annotated[str, typer.Option("--from", metavar="DIR", help="The folder that holds the package's files.")],
    store: Annotated[
        str,
        typer.Option(
            "--store",
            metavar="ADDRESS",
            help="The site's store: a path or, with manifests, the site's name.",
            autocompletion=complete_site,
        ),
    ],
) -> int:
    """Pack what lies at a site already into its store, so that the next send moves only what differs, or nothing.

    DIR is only read. The store must be there; the package's exclude patterns come from the manifests if there are any.

    Examples: reconcile adopt till-4 --from /srv/share/till --store /srv/sites/DE1; reconcile adopt till-4 --from
    /srv/share/till --store DE1
    """
    from reconciler.cli.report import as_json, deliver
    from reconciler.cli.workplace import work_in
    from reconciler.model.names import NAME

    options.only(Output.TEXT, Output.JSON)
    if NAME.fullmatch(package) is None:
        raise CommandError(f"{package!r} cannot be the name of a package", code=Exit.USAGE)
    place = work_in(options)
    told = _Told(place, package) if _has_manifests(place) else None
    done = _adopted(place, package, source, store, exclude=() if told is None else told.exclude)
    wanted = None if told is None else told.wanted

    def render(output: Output, _color: bool) -> str:
        if output is Output.JSON:
            return as_json(_document(options, done, source, wanted))
        return _text(options, done, source, wanted)

    deliver(options, render)
    return Exit.DONE


def _has_manifests(place: "Workplace") -> bool:
    """Only those that somebody points to: at a site, the working directory may hold anything."""
    folder = os.path.join(place.settings_directory, "manifests")
    return bool(place.options.manifests or place.settings_file) or os.path.isdir(folder)


class _Told:
    """What the manifests say of the package; its source is read only if it is not pinned. Raises CommandError."""

    def __init__(self, place: "Workplace", package: str) -> None:
        from reconciler.manifests.spelling import Spelling
        from reconciler.model.names import PackageName

        self._place = place
        self._package = package
        self.wanted: Digest | None = None
        manifests = place.manifests
        read = manifests.source()
        resolved = manifests.resolve(read, manifests.declare(read), self._content)
        found = resolved.fleet.packages_by_name.get(PackageName(package))
        if found is None:
            near = Spelling(resolved.fleet.packages_by_name).nearest(package)
            hint = f"did you mean {near}?" if near else "reconcile validate" if resolved.has_errors else ""
            code = Exit.INVALID if resolved.has_errors and near is None else Exit.USAGE
            raise CommandError(f"the manifests declare no package {package}", code=code, hint=hint)
        self.exclude = found.source.exclude

    def _content(self, request: "SourceRequest") -> "Content | SourceProblem":
        """A source that is elsewhere is no fault here."""
        from reconciler.cli.at_sites import unread
        from reconciler.model.packages import Content

        if request.package != self._package:
            return unread(request)
        content = self._place.manifests.content(request)
        if not isinstance(content, Content):
            return unread(request)
        self.wanted = content.digest
        return content


def _adopted(place: "Workplace", package: str, source: str, store: str, *, exclude: tuple[str, ...]) -> "Adoption":
    from reconciler.cli.store_address import store_address
    from reconciler.engine.adopting import NotAdoptable, adopt
    from reconciler.model.names import PackageName
    from reconciler.model.packages import SourceRequest
    from reconciler.model.stores import StoreFault
    from reconciler.parcels.packing import SourceChanged, SourceGone
    from reconciler.views.untrusted import render_untrusted
    from reconciler.wiring import open_sender

    address, site = store_address(place, store)
    request = SourceRequest(package=PackageName(package), path=os.path.abspath(source), exclude=exclude)
    try:
        sender = open_sender(address)
        try:
            return adopt(request, sender, address.path, site=site, at=place.now(), write=not place.options.dry_run)
        finally:
            sender.close()
    except StoreFault as fault:
        raise CommandError(f"{store}: {render_untrusted(fault.detail)}", hint=UNCHANGED) from None
    except NotAdoptable as error:
        raise CommandError(f"--from {source}: {render_untrusted(str(error))}", hint=error.hint or UNCHANGED) from None
    except SourceChanged as error:
        raise CommandError(render_untrusted(str(error)), code=Exit.TRY_AGAIN, hint=UNCHANGED) from None
    except SourceGone as error:
        raise CommandError(render_untrusted(str(error)), hint=UNCHANGED) from None


def _text(options: Options, done: "Adoption", source: str, wanted: "Digest | None") -> str:
    """What lies in the store now, and what the next send moves."""
    from reconciler.model.quantities import format_size
    from reconciler.views.counts import count

    content = done.content
    what = f"{done.package} ({content.digest}, {count(content.files, 'file')}, {format_size(content.size)})"
    if done.already:
        said = f"The store of {done.site} holds {what} already"
    elif options.dry_run:
        said = f"Would adopt {what} from {source} into the store of {done.site}"
    else:
        said = f"Adopted {what} from {source} into the store of {done.site}: {format_size(done.written)} written"
    if wanted is None:
        return f"{said}\nThe next send moves what differs from it, or nothing.\n"
    if wanted == content.digest:
        return f"{said}\nIt is what the manifests want: the next send moves no content.\n"
    return f"{said}\nThe manifests want {wanted}: the next send moves what differs.\n"


def _document(options: Options, done: "Adoption", source: str, wanted: "Digest | None") -> dict[str, object]:
    outcome = "already" if done.already else "would-adopt" if options.dry_run else "adopted"
    return {
        "formatVersion": "1.0",
        "kind": "Adoption",
        "outcome": outcome,
        "package": done.package,
        "site": done.site,
        "from": source,
        "content": done.content.digest,
        "files": done.content.files,
        "size": done.content.size,
        "bytesWritten": done.written,
        "wanted": wanted or "",
    }
