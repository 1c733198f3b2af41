"""How much is sent: in seconds for every change, in half an hour for the figures, longer once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """`large` is the length of the large content, `small` the number of files of 40 KB; `sites` → rounds.

    `file` and `many` are the length of one file, and a number of files, whose packing must not take more memory.
    """

    large: int
    small: int
    sites: dict[int, int]
    file: int
    many: int
    sends: int
    slow_sends: int


SMALL_FILE = 40_000

SMOKE = Scale(large=4_000_000, small=50, sites={1: 1}, file=8_000_000, many=1_000, sends=40, slow_sends=8)
USUAL = Scale(
    large=524_000_000,
    small=5_000,
    sites={1: 5, 10: 5, 50: 3},
    file=2 * 10**9,
    many=10_000,
    sends=1_000,
    slow_sends=24,
)
LONG = Scale(
    large=USUAL.large,
    small=USUAL.small,
    sites={1: 5, 10: 5, 50: 5},
    file=8 * 10**9,
    many=100_000,
    sends=USUAL.sends,
    slow_sends=USUAL.slow_sends,
)
