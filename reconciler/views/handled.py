"""Rows of send-only jobs that were retried or cancelled by hand, and those that were left alone."""

from reconciler.model.snapshot import Send
from reconciler.views.untrusted import render_untrusted


def handled_text(send: Send, *, verb: str, why_not: str) -> str:
    """One line: the send-only job, the pair, and what was done or why not."""
    was = send.state.value + (f": {send.cause.value}" if send.cause is not None else "")
    fate = f"left alone: {why_not}" if why_not else f"{verb} (was {was})"
    return render_untrusted(f"{send.job}  {send.package}@{send.site}  {fate}")
