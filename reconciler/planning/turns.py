"""The order of turns: by priority, then fair between sites."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.names import SiteName
from reconciler.model.schedule import Turn
from reconciler.model.snapshot import Mode
from reconciler.planning.standing import Standing, has_failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A turn and what it ranks by beside its priority."""

    turn: Turn
    standing: Standing

    @property
    def group(self) -> tuple[int, Standing]:
        """Those that are equal rank in one group, and take turns by site."""
        return -self.turn.send.priority, self.standing

    @property
    def place_at_site(self) -> tuple[object, ...]:
        """Among the turns of one site.

        What failed comes after what did not: one send that a fault of its own stops does not stop its site. A setup
        alone goes before content: it is seconds beside hours, and no content waits noticeably longer. Then the oldest.
        """
        send = self.turn.send
        return (*self.group, has_failed(send), send.mode is Mode.CONTENT, send.recorded_at, send.package)


def by_site(ranked: Iterable[Ranked]) -> Mapping[SiteName, Sequence[Ranked]]:
    """The turns of each site, in the order in which it gets them."""
    found: dict[SiteName, list[Ranked]] = {}
    for one in ranked:
        found.setdefault(one.turn.send.site, []).append(one)
    for queue in found.values():
        if len(queue) > 1:
            queue.sort(key=lambda one: one.place_at_site)
    return found


def in_turn(queues: Mapping[SiteName, Sequence[Ranked]], running: Mapping[SiteName, int]) -> tuple[Turn, ...]:
    """One order over all sites; `running` counts what runs at each.

    In a group no site has its second place before every other site in it has its first. Sites at which less runs come
    first, then the oldest send.
    """
    placed: list[tuple[tuple[object, ...], Turn]] = []
    for site, queue in queues.items():
        group, place = None, 0
        for one in queue:
            place = place + 1 if one.group == group else 0
            group = one.group
            placed.append(((*group, place, running.get(site, 0), one.turn.send.recorded_at, site), one.turn))
    placed.sort(key=lambda item: item[0])
    return tuple(turn for _, turn in placed)
