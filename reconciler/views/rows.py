"""Rows: what becomes of one package at one site, with its symbol and the word beside it."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import (
    BlockReason,
    GapReason,
    PlannedPair,
    Verdict,
)
from reconciler.model.snapshot import Mode, SendState
from reconciler.views.counts import count
from reconciler.views.reasons import BLOCKS
from reconciler.views.untrusted import render_untrusted


class Symbol(Enum):
    """What a row is about, in the order of the rows (cli.md)."""

    BLOCKED = "!"
    CANCEL = "-"
    NEWER = "~"
    SEND = "+"
    SETUP = "s"
    UNDERWAY = ">"
    READY = "="


ORDER = {symbol: place for place, symbol in enumerate(Symbol)}

_UNDERWAY = {
    SendState.QUEUED: "queued",
    SendState.SENDING: "running",
    SendState.VERIFYING: "verifying",
    SendState.BACKING_OFF: "backing off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: a site and what becomes of it.

    `kind` is by what rows fold, beside symbol and action. `note` is said instead of the pair's own reason. A row with
    `counted` False repeats what another block counts. `pair` is None for what no required pair is about.
    """

    symbol: Symbol
    action: str
    kind: str
    site: SiteName
    pair: PlannedPair | None = None
    note: str = ""
    counted: bool = True

    @property
    def order(self) -> tuple[int, str, str]:
        return ORDER[self.symbol], self.site, self.note


def action_of(pair: PlannedPair) -> tuple[Symbol, str]:
    """The symbol of a pair and the word beside it."""
    match pair.verdict:
        case Verdict.READY:
            return Symbol.READY, "ready"
        case Verdict.IN_FLIGHT:
            return Symbol.UNDERWAY, _UNDERWAY.get(pair.underway.state, "open") if pair.underway else "open"
        case Verdict.BLOCKED:
            return Symbol.BLOCKED, BLOCKS[pair.reason][0] if isinstance(pair.reason, BlockReason) else "blocked"
        case Verdict.MISSING:
            return _sends(pair)


def _sends(pair: PlannedPair) -> tuple[Symbol, str]:
    if pair.mode is Mode.SETUP_ONLY:
        return Symbol.SETUP, "setup"
    if pair.reason is GapReason.CONTENT_STALE:
        return Symbol.NEWER, "update"
    return Symbol.SEND, "heal" if pair.reason is GapReason.CONTENT_DAMAGED else "send"


def pair_row(pair: PlannedPair, *, note: str, counted: bool = True) -> Row:
    """What becomes of a required pair."""
    symbol, action = action_of(pair)
    kind = pair.reason.value if pair.reason is not None and counted and symbol is not Symbol.UNDERWAY else ""
    return Row(symbol=symbol, action=action, kind=kind, site=pair.site, pair=pair, note=note, counted=counted)


def superseded_row(pair: PlannedPair, send_only_job: str) -> Row:
    """The open send that a row beside it replaces (L15)."""
    note = f"{render_untrusted(send_only_job)}, superseded"
    return Row(symbol=Symbol.CANCEL, action="cancel", kind="superseded", site=pair.site, pair=pair, note=note)


def cancelled_row(send_only_job: str, site: SiteName, *, reason: str) -> Row:
    """An open send that is closed, with nothing in its place."""
    note = f"{render_untrusted(send_only_job)}, {reason}"
    return Row(symbol=Symbol.CANCEL, action="cancel", kind=reason, site=site, note=note)


def updated_row(send_only_job: str, site: SiteName, priority: str) -> Row:
    """An open send that becomes more urgent, of a pair the plan says nothing else about."""
    note = f"{render_untrusted(send_only_job)}, priority becomes {priority}"
    return Row(symbol=Symbol.UNDERWAY, action="update", kind=f"priority {priority}", site=site, note=note)


def forgotten_row(site: SiteName, packages: tuple[PackageName, ...]) -> Row:
    """A site whose holdings are forgotten (L31)."""
    named = ", ".join(render_untrusted(package) for package in packages[:3])
    more = f" and {len(packages) - 3:,} more" if len(packages) > 3 else ""
    note = f"holdings of {count(len(packages), 'package')}: {named}{more}"
    return Row(symbol=Symbol.CANCEL, action="forget", kind="removal", site=site, note=note)
