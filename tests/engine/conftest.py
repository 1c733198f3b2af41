"""Where the folders of these tests lie."""

from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(quick_folder: str) -> Path:
    """What the engine decides does not depend on what reached a disk."""
    return Path(quick_folder)
