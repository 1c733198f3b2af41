"""How much is watched: in seconds for every change, in five minutes for the figures, longer once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """`commits` and `saves` are measured one by one, after `warm` that are not; `idle` is in seconds.

    `storm` is the number of files of one checkout, `slope` the number of commits over which memory is followed.
    """

    pairs: int
    commits: int
    warm: int
    saves: int
    idle: float
    storm: int
    slope: int
    rounds: int


SMOKE = Scale(pairs=1_000, commits=3, warm=1, saves=1, idle=1.0, storm=1_000, slope=10, rounds=2)
USUAL = Scale(pairs=100_000, commits=100, warm=5, saves=10, idle=60.0, storm=10_000, slope=200, rounds=7)
LONG = Scale(pairs=100_000, commits=200, warm=5, saves=20, idle=60.0, storm=10_000, slope=5_000, rounds=15)
