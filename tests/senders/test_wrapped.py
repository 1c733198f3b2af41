"""A sender in all its wrappings keeps the protocol as it does without."""

from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.senders.bucket import Bucket
from reconciler.senders.protocol import Sender
from reconciler.senders.recorded import Recorded, Traffic
from reconciler.senders.stoppable import Stoppable
from reconciler.senders.throttled import Throttled
from reconciler.wiring import open_sender
from tests.conformance.sender import SenderConformance
from tests.senders.faulty import Faulty


@pytest.fixture
def tmp_path(quick_folder: str) -> Path:
    """What a disk does, test_directory.py asks."""
    return Path(quick_folder)


class TestWrapped(SenderConformance):
    def address(self, root: Path) -> Address:
        return Address(type="directory", path=str(root))

    def open(self, root: Path) -> Sender:
        inner = Recorded(Faulty(open_sender(self.address(root)), {}), Traffic())
        slow = Bucket(lambda: 70_001.0, clock=lambda: 0.0, sleep=lambda _: None)
        return Throttled(Stoppable(inner, lambda: None), up=slow, down=slow)
