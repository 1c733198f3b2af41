"""What a look found, into the state: it counts only for the mark that was noted before, and only for what was read."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.engine.verifying.flapping import hold_if_flapping
from reconciler.model.holdings import Staged, Unknown
from reconciler.model.verification import Answer, Effect, PairLook, SiteLook
from reconciler.state.protocol import Author, Observation, State


def record(look: SiteLook, state: State, author: Author) -> SiteLook:
    """The look with what the state made of it. A store that was read and was not pinned is the site's from now on."""
    if look.answer is Answer.READ and look.store is not None and look.site not in state.stores():
        state.pin_store(look.site, look.store, author)
    return replace(look, pairs=observe(look.pairs, state, author))


def observe(pairs: Sequence[PairLook], state: State, author: Author) -> tuple[PairLook, ...]:
    """Pairs of one site, in one commit. One that is damaged again and again is held, or it would be healed for ever."""
    news = [pair for pair in pairs if _is_news(pair)]
    counted = state.observe([_observation(pair) for pair in news], author) if news else ()
    moved = {pair.package for pair, counts in zip(news, counted, strict=True) if not counts}
    return tuple(
        replace(pair, effect=Effect.MOVED) if pair.package in moved else _told(pair, state, author) for pair in pairs
    )


def _is_news(pair: PairLook) -> bool:
    """Otherwise there is nothing to write, not even a time."""
    return pair.effect is not Effect.IN_FLIGHT and (pair.differs or pair.read or pair.highest > pair.mark)


def _observation(pair: PairLook) -> Observation:
    return Observation(
        package=pair.package,
        site=pair.site,
        mark=pair.mark,
        number=pair.number,
        holding=pair.found,
        used=pair.highest,
    )


def _told(pair: PairLook, state: State, author: Author) -> PairLook:
    """What the look means for a pair that did not move meanwhile."""
    if pair.effect is Effect.IN_FLIGHT:
        return pair
    if not pair.differs:
        return replace(pair, effect=Effect.AGREES)
    lost = not isinstance(pair.found, Staged | Unknown)
    held = lost and hold_if_flapping(state, pair.package, pair.site, at=author.at)
    return replace(pair, effect=Effect.DRIFT, held=held)
