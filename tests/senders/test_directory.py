"""The directory sender: the suite, and what only a directory has."""

from pathlib import Path

from reconciler.model.sites import Address
from tests.conformance.sender import SenderConformance


class TestDirectory(SenderConformance):
    def address(self, root: Path) -> Address:
        return Address(type="directory", path=str(root))
