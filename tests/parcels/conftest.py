"""Where the folders of these tests lie."""

from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, quick_folder: str, disk_folder: Path) -> Path:
    """In memory; but a tree is unpacked where trees are, and each of its flushes is asked for there."""
    return disk_folder if request.path.name == "test_unpack_destination.py" else Path(quick_folder)
