"""What a look found, into the state: it counts only for the mark that was noted before, and only for what was read."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.engine.verifying.flapping import hold_if_flapping
from reconciler.model.holdings import Staged, Unknown
from reconciler.model.verification import Answer, Effect, PairLook, SiteLook
from reconciler.state.protocol import Author, Observation, State


def record(look: SiteLook, state: State, author: Author) -> SiteLook:
    """The look with what the state made of it. A store that was read and was not pinned is the site's from now on."""
    if look.answer is Answer.READ and look.store is not None and look.site not in state.stores():
        state.pin_store(look.site, look.store, author)
    return replace(look, pairs=tuple(_observed(look, state, author)))


def _observed(look: SiteLook, state: State, author: Author) -> Iterator[PairLook]:
    for pair in look.pairs:
        yield pair if pair.effect is Effect.IN_FLIGHT else observe(pair, state, author)


def observe(pair: PairLook, state: State, author: Author) -> PairLook:
    """One pair. One that is damaged again and again is held, or its site would be sent to for ever."""
    if not pair.differs and not pair.read and pair.highest <= pair.mark:
        return replace(pair, effect=Effect.AGREES)  # there is nothing to write, not even a time
    observation = Observation(
        package=pair.package,
        site=pair.site,
        mark=pair.mark,
        number=pair.number,
        holding=pair.found,
        used=pair.highest,
    )
    if not state.observe(observation, author):
        return replace(pair, effect=Effect.MOVED)
    if not pair.differs:
        return replace(pair, effect=Effect.AGREES)
    lost = not isinstance(pair.found, Staged | Unknown)
    held = lost and hold_if_flapping(state, pair.package, pair.site, at=author.at)
    return replace(pair, effect=Effect.DRIFT, held=held)
