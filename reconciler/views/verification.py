"""What looks at the stores found: a line for each site, one for each pair that is not as it was known, and the sum."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.model.holdings import Absent, Damaged, Holding, RecordOnly, Staged, Unknown
from reconciler.model.instants import format_instant
from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.quantities import format_size
from reconciler.model.verification import Answer, Effect, PairLook, SiteLook
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted

STRANGERS_SHOWN = 3
"""Of one site, in the text."""

_INKS = {"agrees": Ink.GREEN, "drift": Ink.YELLOW, "no-store": Ink.GREEN, "other-store": Ink.RED, "not-asked": Ink.RED}
_PHRASES = {
    "agrees": "agrees",
    "drift": "drift",
    "no-store": "no store yet",
    "other-store": "another store",
    "not-asked": "could not be asked",
}
_COUNTED = _PHRASES | {"agrees": "agree", "drift": "with drift", "no-store": "without a store yet"}


def verification_text(looks: Sequence[SiteLook], *, color: bool, written: bool) -> str:
    """By site, then package."""
    looks = sorted(looks, key=lambda look: look.site)
    names = max((cells(look.site) for look in looks), default=0)
    phrases = max((len(_PHRASES[site_word(look)]) for look in looks), default=0)
    lines = [line for look in looks for line in _site_lines(look, names, phrases, color=color)]
    return "".join(f"{line}\n" for line in (*lines, *([""] if lines else ()), *_sum(looks, written=written)))


def look_text(look: SiteLook) -> str:
    """One look on one line, with the pairs that are not as they were known."""
    first, *others = (" ".join(line.split()) for line in _site_lines(replace(look, strangers=()), 0, 0, color=False))
    return "; ".join((f"verified {first}", *others))


def _site_lines(look: SiteLook, names: int, phrases: int, *, color: bool) -> Iterator[str]:
    """One site, and what is to be said of its pairs."""
    word = site_word(look)
    phrase = paint(left(_PHRASES[word], phrases), _INKS[word], color=color)
    yield f"{left(look.site, names)}  {phrase}  {_said_of_site(look)}".rstrip()
    yield from _pair_lines(look.pairs)
    for stranger in look.strangers[:STRANGERS_SHOWN]:
        yield f"  {render_untrusted(stranger.name)}: a {stranger.kind}, none of ours; left alone"
    if look.stranger_count > STRANGERS_SHOWN:
        yield f"  {look.stranger_count - STRANGERS_SHOWN:,} more that are none of ours"


def site_word(look: SiteLook) -> str:
    """What came of the site, as the JSON says it."""
    if look.answer is not Answer.READ:
        return str(look.answer.value)
    return "drift" if look.drifted else "agrees"


def holding_word(holding: Holding) -> str:
    """The words of reasons.md for what is lost or unknown."""
    match holding:
        case Staged():
            return "staged"
        case RecordOnly():
            return "record-only"
        case Damaged():
            return "content-damaged"
        case Absent():
            return "content-missing"
        case Unknown():
            return "unknown"


def _said_of_site(look: SiteLook) -> str:
    if look.answer is Answer.EMPTY:
        return "the first send makes it the site's store"
    if look.answer is not Answer.READ:
        return render_untrusted(look.detail)
    pairs = count(len(look.pairs), "pair")
    drifted = f"{len(look.drifted)} of {pairs}" if look.drifted else pairs
    in_flight = sum(pair.effect is Effect.IN_FLIGHT for pair in look.pairs)
    flight = f", {in_flight} in flight" if in_flight else ""
    return f"{drifted}{flight}, {format_size(look.bytes)} read"


def _pair_lines(pairs: Iterable[PairLook]) -> Iterator[str]:
    for pair in pairs:
        name, why = f"{pair.package}@{pair.site}", f"  {render_untrusted(pair.why)}" if pair.why else ""
        found = holding_word(pair.found)
        if pair.held:
            why += f"; it heals and is lost again and again: held until `reconcile resume {name}`"
        if pair.effect is Effect.MOVED:
            yield f"  {name}  moved on meanwhile: not counted"
        elif pair.effect is Effect.DRIFT:
            yield f"  {name}  {_change(pair)}{why}"
        elif pair.is_drift:
            yield f"  {name}  still {found}{why}"


def _change(pair: PairLook) -> str:
    before, after = holding_word(pair.before), holding_word(pair.found)
    if before == after:
        return f"{after}, number {pair.number} instead of {pair.known_number}"
    return f"{before} -> {after}" if pair.known_number or pair.mark else f"{after}, not known before"


def _sum(looks: Sequence[SiteLook], *, written: bool) -> Iterator[str]:
    if not looks:
        yield "No site has an address: there is no store to verify."
        return
    words = Counter(map(site_word, looks))
    told = ", ".join(f"{words[word]:,} {phrase}" for word, phrase in _COUNTED.items() if words[word])
    read = format_size(sum(look.bytes for look in looks))
    yield f"Verified {count(len(looks), 'site')}: {told}; {read} read."
    drifted = [pair for look in looks for pair in look.drifted]
    if drifted:
        found = Counter(holding_word(pair.found) for pair in drifted)
        listed = ", ".join(f"{number:,} {word}" for word, number in sorted(found.items()))
        yield f"{count(len(drifted), 'pair')} with drift: {listed}."
    if not written:
        yield "Nothing was written."
    elif any(not isinstance(pair.found, Staged | Unknown) for pair in drifted):
        yield "The next pass heals what is required: reconcile"


def verification_json(looks: Sequence[SiteLook], *, deep: bool) -> dict[str, object]:
    """By site, then package."""
    looks = sorted(looks, key=lambda look: look.site)
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Verification",
        "deep": deep,
        "summary": _summary_json(looks),
        "sites": [site_json(look) for look in looks],
    }


def _summary_json(looks: Sequence[SiteLook]) -> Mapping[str, int]:
    words = Counter(map(site_word, looks))
    return {
        "sites": len(looks),
        "agree": words["agrees"],
        "drift": words["drift"],
        "noStore": words["no-store"],
        "otherStore": words["other-store"],
        "notAsked": words["not-asked"],
        "pairs": sum(len(look.pairs) for look in looks),
        "drifted": sum(len(look.drifted) for look in looks),
        "bytes": sum(look.bytes for look in looks),
    }


def site_json(look: SiteLook) -> dict[str, object]:
    """One site."""
    return {
        "site": look.site,
        "answer": site_word(look),
        "detail": look.detail,
        "bytes": look.bytes,
        "pairs": [_pair_json(pair) for pair in look.pairs],
        "strangers": [{"name": stranger.name, "kind": stranger.kind} for stranger in look.strangers],
        "strangerCount": look.stranger_count,
    }


def _pair_json(pair: PairLook) -> dict[str, object]:
    verified = pair.found.verified_at if isinstance(pair.found, Staged) else None
    return {
        "package": pair.package,
        "site": pair.site,
        "effect": pair.effect.value,
        "was": holding_word(pair.before),
        "found": holding_word(pair.found),
        "number": pair.number,
        "why": pair.why,
        "bytesRead": pair.read,
        "verifiedAt": "" if verified is None else format_instant(verified),
        "held": pair.held,
    }
