"""The file that says whose store this is (L23, L37)."""

import re

from reconciler.model.names import SiteName
from reconciler.model.stores import StateId, StoreId, StoreIdentity
from reconciler.parcels import store_json

_ID = re.compile(r"[0-9a-f]{32}")


def identity_bytes(identity: StoreIdentity) -> bytes:
    """The file `reconciler-store.json`."""
    return store_json.written("Store", {"site": identity.site, "state": identity.state, "store": identity.store})


def parse_identity(data: bytes) -> StoreIdentity:
    """Raises Unreadable, also for a major version that is not ours."""
    fields = store_json.read(data, "Store")
    return StoreIdentity(
        site=SiteName(fields.name("site")),
        store=StoreId(fields.text("store", _ID)),
        state=StateId(fields.text("state", _ID)),
    )
