"""Colour for terminals. Whether to paint is an argument; what is painted also says so in words or symbols."""

from enum import Enum


class Ink(Enum):
    """The parameters of the ANSI sequence `CSI ... m`."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BLUE = "34"
    CYAN = "36"
    BOLD_RED = "1;31"
    BOLD_YELLOW = "1;33"


def paint(text: str, ink: Ink, *, color: bool) -> str:
    """`text` in that ink if colour is wanted; empty text stays empty."""
    return f"\x1b[{ink.value}m{text}\x1b[0m" if color and text else text
