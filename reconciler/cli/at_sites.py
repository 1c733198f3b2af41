"""What the commands share that ask the sites' stores: which sites, how they are reached, how far it is."""

from typing import TYPE_CHECKING

from reconciler.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.workplace import Workplace
    from reconciler.engine.manifests import FleetRead
    from reconciler.engine.verifying.verify import Means
    from reconciler.model.fleet import Fleet
    from reconciler.model.packages import Content, SourceRequest
    from reconciler.model.quantities import BitsPerSecond
    from reconciler.model.sites import Site


def read_sites(place: "Workplace") -> "FleetRead":
    """The fleet as far as it matters to stores: no source of a package is read."""
    manifests = place.manifests
    read = manifests.source()
    return manifests.resolve(read, manifests.declare(read), unread)


def unread(request: "SourceRequest") -> "Content":
    """A source that was not read, because what is in it does not matter."""
    from reconciler.model.names import Digest
    from reconciler.model.packages import Content
    from reconciler.model.quantities import Bytes

    return Content(digest=request.pin or Digest("sha256:" + "0" * 64), size=Bytes(0), files=0, readable=False)


def chosen_sites(names: "Sequence[str]", fleet: "Fleet") -> "tuple[Site, ...]":
    """Those that were named, each once, else all; raises CommandError for a name that is none."""
    from reconciler.manifests.spelling import Spelling
    from reconciler.model.names import SiteName

    for name in names:
        if SiteName(name) not in fleet.index:
            near = Spelling(fleet.index).nearest(name)
            hint = f"did you mean {near}?" if near else "the sites are those of the manifests; see -m"
            raise CommandError(f"there is no site {name}", code=Exit.USAGE, hint=hint)
    return tuple(fleet.site(SiteName(name)) for name in dict.fromkeys(names)) or fleet.sites


def rate_of(text: str | None) -> "BitsPerSecond | None":
    """What `--rate` says; raises CommandError."""
    from reconciler.model.quantities import parse_rate

    try:
        return None if text is None else parse_rate(text)
    except ValueError as error:
        raise CommandError(f"--rate: {error}", code=Exit.USAGE) from None


def means_of(place: "Workplace", sites: int, *, deep: bool, rate: "BitsPerSecond | None") -> "Means":
    """How the stores are reached; `sites` is how many are asked, for the line that tells how far it is."""
    from reconciler import wiring
    from reconciler.cli.progress import Progress
    from reconciler.engine.verifying.verify import Means
    from reconciler.model.quantities import format_size

    progress = Progress(doing="verifying sites")

    def shown(done: int, read: int) -> None:
        if not place.options.quiet:
            progress.step(done, sites, f"{format_size(read)} read")

    return Means(open_sender=wiring.open_sender, now=place.now, author=place.author, shown=shown, deep=deep, rate=rate)
