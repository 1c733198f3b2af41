"""Why a required pair may not be sent to, and what it lacks: one reason per file.

A rule looks at one pair and returns None where its reason does not apply, else what the reason alone does not say, ""
for nothing. The order is that of domain.md 3: the first that applies counts, the others are told beside it. There
is no rule for `no-route` yet: every send goes from the origin to the site until stores can relay.
"""

from collections.abc import Callable

from reconciler.model.plan import BlockReason, GapReason
from reconciler.planning.pair import Pair
from reconciler.planning.rules.cancelled import cancelled
from reconciler.planning.rules.content_damaged import content_damaged
from reconciler.planning.rules.content_missing import content_missing
from reconciler.planning.rules.content_stale import content_stale
from reconciler.planning.rules.failed import failed
from reconciler.planning.rules.no_address import no_address
from reconciler.planning.rules.no_space import no_space
from reconciler.planning.rules.not_packed import not_packed
from reconciler.planning.rules.path_not_representable import path_not_representable
from reconciler.planning.rules.record_only import record_only
from reconciler.planning.rules.setup_missing import setup_missing
from reconciler.planning.rules.setup_stale import setup_stale
from reconciler.planning.rules.suspended import suspended
from reconciler.planning.rules.unknown import unknown

Rule = Callable[[Pair], str | None]

BLOCKS: tuple[tuple[BlockReason, Rule], ...] = (
    (BlockReason.UNKNOWN, unknown),
    (BlockReason.SUSPENDED, suspended),
    (BlockReason.CANCELLED, cancelled),
    (BlockReason.FAILED, failed),
    (BlockReason.NO_ADDRESS, no_address),
    (BlockReason.PATH_NOT_REPRESENTABLE, path_not_representable),
    (BlockReason.NOT_PACKED, not_packed),
    (BlockReason.NO_SPACE, no_space),
)

GAPS: tuple[tuple[GapReason, Rule], ...] = (
    (GapReason.CONTENT_DAMAGED, content_damaged),
    (GapReason.RECORD_ONLY, record_only),
    (GapReason.CONTENT_MISSING, content_missing),
    (GapReason.CONTENT_STALE, content_stale),
    (GapReason.SETUP_MISSING, setup_missing),
    (GapReason.SETUP_STALE, setup_stale),
)

_STOP_AN_OPEN_SEND = (BlockReason.UNKNOWN, BlockReason.SUSPENDED, BlockReason.NO_ADDRESS, BlockReason.NO_SPACE)

OPEN_BLOCKS = tuple((reason, rule) for reason, rule in BLOCKS if reason in _STOP_AN_OPEN_SEND)
"""What stops a send that is open: the others were answered when it was recorded (domain.md 3; L12)."""
