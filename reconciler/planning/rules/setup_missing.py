"""Not set up for the type of job that needs it: the second symptom of Q134718."""

from reconciler.model.holdings import Absent
from reconciler.planning.pair import Pair


def setup_missing(pair: Pair) -> str | None:
    """No setup at all, or one without a part that the jobs at this very pair need.

    Where nothing is known to be there, it is said only if a job needs a part: sending alone needs none.
    """
    held = pair.held
    if held is None:
        return "" if isinstance(pair.difference.holding, Absent) and pair.need.parts else None
    return "" if held.setup is None or pair.need.parts - held.parts else None
