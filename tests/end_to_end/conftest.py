"""Where the fleets of these tests lie."""

from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(quick_folder: str) -> Path:
    """What a killed process leaves does not depend on what reached a disk; a power cut is tests/senders' matter."""
    return Path(quick_folder)
