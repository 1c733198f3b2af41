"""What the tests of the senders share."""

import os
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture
def quick_folder() -> Iterator[str]:
    """An empty folder, in memory where there is such a place: hundreds of flushes to a disk take their time."""
    shared = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as path:
        yield path
