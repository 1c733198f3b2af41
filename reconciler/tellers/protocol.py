"""What every way to notify somebody promises."""

from typing import Protocol

from reconciler.model.notifications import Letter

PATIENCE = 10.0
"""Seconds that an attempt may wait for whoever is told."""


class NotTold(Exception):
    """The letter may not have arrived. Its text is for people, and holds no secret and no address."""


class Teller(Protocol):
    """One way to one receiver. Made anew for each attempt, so that a changed secret counts at once."""

    def tell(self, letter: Letter) -> None:
        """Hand the letter over; raises NotTold, and nothing else.

        May be called again with the same letter: its id lets a receiver drop what it has already. Ends by itself.
        """
        ...
