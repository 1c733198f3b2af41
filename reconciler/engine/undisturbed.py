"""Python looks for garbage between two passes, not within one: that took longer than the pass.

Nearly all garbage is freed at once, without looking. To find the rest, the collector walks everything that is kept,
and of a large fleet that is much; a pass makes enough objects to set it off each time.
"""

import ctypes
import gc

FOUND_EVERY = 1_000
"""Passes after which garbage is looked for among what was kept, too."""


class Undisturbed:
    """A context for each pass. What the first leaves is kept for good: later looks leave it out.

    What a pass needed only for itself goes back to the system.
    """

    def __init__(self) -> None:
        self._passes = 0

    def __enter__(self) -> None:
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._passes % FOUND_EVERY == 0:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        _give_back()
        self._passes += 1
        gc.enable()


def _give_back() -> None:
    """The C library keeps what was freed, unless it is asked; not each one can be."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
