"""Did you mean: names that are one slip of the finger from what was typed.

Comparing each unknown name with each known one is quadratic, and one missing file can leave thousands unknown. Two
names are near when they become the same by leaving out at most one character of each: one wrong, missing, surplus or
swapped character. An index of such forms answers in the length of the name.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

_SEPARATORS = str.maketrans("", "", "-_. ")


class Spelling:
    """Known names, and the nearest of them to one that is not known."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(set(names)))

    def nearest(self, typed: str) -> str | None:
        """The first of the names that differs least from `typed`; None if none is near."""
        same = self._plain.get(_plain(typed))
        if same is not None:
            return same
        near = {self._slips[form] for form in _with_slips(typed) if form in self._slips}
        return min(near) if near else None

    @cached_property
    def _plain(self) -> dict[str, str]:
        return {_plain(name): name for name in reversed(self.names)}

    @cached_property
    def _slips(self) -> dict[str, str]:
        return {form: name for name in reversed(self.names) for form in _with_slips(name)}


def _plain(name: str) -> str:
    return name.casefold().translate(_SEPARATORS)


def _with_slips(name: str) -> Iterator[str]:
    """The name, and the name without each of its characters; too short to be told apart from others: nothing."""
    plain = _plain(name)
    if len(plain) < 3:
        return
    yield plain
    for place in range(len(plain)):
        yield plain[:place] + plain[place + 1 :]
