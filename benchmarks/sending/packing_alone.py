"""Packs a source into a depot, and nothing else: `python packing_alone.py SOURCE DEPOT`, the depot an empty folder."""

import sys
import time

from reconciler.engine.packing import pack_content
from reconciler.engine.stores.opening import open_store
from reconciler.engine.stores.store import Store
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Content, SourceRequest
from reconciler.model.sites import Address
from reconciler.model.stores import StateId
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from reconciler.senders.directory import open_directory


def main() -> None:
    """Only the packing is reported: the digest that it must come to is known to a worker from the plan."""
    source, folder = sys.argv[1:]
    request = SourceRequest(package=PackageName("P"), path=source, exclude=())
    content = read_content(request, DigestCache(None))
    if not isinstance(content, Content):
        sys.exit(content.message)
    sender = open_directory(Address(type="directory", path=folder))
    depot = Store(sender=sender, identity=open_store(sender, SiteName("HQ"), state=StateId("0" * 32), pinned=None))
    cpu, wall = time.process_time(), time.perf_counter()
    pack_content(request, content.digest, depot, size=content.size, at=Instant(int(time.time())))
    print(time.process_time() - cpu, time.perf_counter() - wall)


if __name__ == "__main__":
    main()
