"""What `--store ADDRESS` means: a path or, with manifests, the name of a site."""

import os
from typing import TYPE_CHECKING

from reconciler.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.model.names import SiteName
    from reconciler.model.sites import Address


def store_address(place: "Workplace", store: str) -> "tuple[Address, SiteName | None]":
    """Where the store is, and whose it must be; raises CommandError. A folder of that name goes before a site."""
    from reconciler.cli.at_sites import read_sites
    from reconciler.manifests.spelling import Spelling
    from reconciler.model.names import NAME
    from reconciler.model.sites import Address

    if "://" in store:
        raise CommandError(
            f"--store {store.partition('://')[0]}: such addresses come in a later version",
            code=Exit.USAGE,
            hint="a path or, with manifests, a site's name",
        )
    if os.path.lexists(store) or NAME.fullmatch(store) is None:
        return Address(type="directory", path=os.path.abspath(store)), None
    read = read_sites(place)
    site = next((site for site in read.fleet.sites if site.name == store), None)
    if site is None:
        near = Spelling([site.name for site in read.fleet.sites]).nearest(store)
        hint = f"did you mean the site {near}?" if near else "a path or, with manifests, a site's name"
        raise CommandError(
            f"--store {store}: there is neither such a folder nor such a site", code=Exit.USAGE, hint=hint
        )
    if site.address is None:
        raise CommandError(f"site {store} has no address", code=Exit.USAGE, hint="give --store the path of its store")
    return site.address, site.name
