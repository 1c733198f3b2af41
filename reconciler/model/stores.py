"""The place at a site where packages are staged: who it is, and what can go wrong on the way to it."""

from dataclasses import dataclass
from typing import NewType

from reconciler.model.names import SiteName
from reconciler.model.snapshot import Cause

StoreId = NewType("StoreId", str)
"""32 lower-case hexadecimal digits, drawn when a store is made; never used twice."""

StateId = NewType("StateId", str)
"""32 lower-case hexadecimal digits, drawn when a state is made: a store belongs to one (L37)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreIdentity:
    """What a store says of itself: the site it belongs to, and the state that may write to it (L23, L37)."""

    site: SiteName
    store: StoreId
    state: StateId


class StoreFault(Exception):
    """A store cannot be used as asked: the cause, whether trying again may help, and one line that says what is wrong.

    A permanent fault ends the send as `failed` until a person or a changed manifest mends it (sending.md 4).
    """

    def __init__(self, cause: Cause, detail: str, *, permanent: bool = False) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.permanent = permanent
