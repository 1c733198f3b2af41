"""How much is measured: in seconds for every change, in minutes for the figures, longer once."""

from dataclasses import dataclass

SMALL, LARGE = 1_000, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Which sizes are measured how often. `floors_at` is the size at which floors and peers are measured."""

    compact: tuple[int, ...]
    flat: tuple[int, ...]
    floors_at: int
    rounds: int
    with_peers: bool


SMOKE = Scale(compact=(SMALL,), flat=(SMALL,), floors_at=SMALL, rounds=1, with_peers=False)
USUAL = Scale(
    compact=(SMALL, 10_000, 100_000), flat=(SMALL, 10_000, 100_000), floors_at=100_000, rounds=5, with_peers=True
)
LONG = Scale(compact=(*USUAL.compact, LARGE), flat=USUAL.flat, floors_at=USUAL.floors_at, rounds=5, with_peers=True)
