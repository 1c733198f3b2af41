"""What all tests share: golden files, written anew by `pytest --update-golden`, and a folder that is quick to flush."""

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

import tests.properties  # noqa: F401 - which names the profiles

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"

Golden = Callable[[str, str], None]
"""Name of a file beneath tests/golden, and the text that must stand in it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; then read the diff")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        _keep_what_is_compiled()
    settings.load_profile("many" if _is_long(config) else "few")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Of several workers each begins with other modules: where nothing is compiled yet, none is compiled by all."""
    worker = getattr(session.config, "workerinput", None)
    if worker and [Path(name).resolve() for name in session.config.args] == [HERE]:
        share = slice(int(worker["workerid"].removeprefix("gw")), None, worker["workercount"])
        for file in sorted(HERE.rglob("test_*.py"))[share]:
            with suppress(Exception):  # told where it is collected
                importlib.import_module(".".join(file.relative_to(HERE.parent).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A property is tried in the fast suite, and again with many examples in the long one.

    Processes come first: a worker that waits for them leaves its time to the others.
    """
    for item in items:
        if _is_long(config) and isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: HERE / "end_to_end" not in item.path.parents)


def _keep_what_is_compiled() -> None:
    """In `__pycache__`, also where Python is told not to: workers and hundreds of processes read the same modules."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _is_long(config: pytest.Config) -> bool:
    return bool(config.getoption("-m") == "long")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare what people and programs read with the file that was looked at and committed."""
    update = request.config.getoption("--update-golden")

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        told = "; if the change is meant: pytest --update-golden, and read the diff"
        assert text == file.read_text(encoding="utf-8"), f"tests/golden/{name} differs{told}"

    return check


QUICK = Path("/dev/shm")
"""A file system in memory, where there is one."""
ENOUGH = 1 << 30
"""Bytes that must be free there: a container may have a few only."""


def _place() -> Path | None:
    return QUICK if os.access(QUICK, os.W_OK) and shutil.disk_usage(QUICK).free > ENOUGH else None


@pytest.fixture
def quick_folder() -> Iterator[str]:
    """An empty folder, in memory where there is such a place: hundreds of flushes to a disk take their time.

    Some folders of tests make it their `tmp_path`; who needs a disk there takes `disk_folder`.
    """
    with tempfile.TemporaryDirectory(dir=_place()) as path:
        yield path


@pytest.fixture
def disk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in the place of temporary files, for tests of what only a file system on a disk can."""
    return tmp_path_factory.mktemp("disk")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor, and one: much of the suite waits, for processes and for what must come to rest."""
    return 2 * (os.cpu_count() or 1) + 1
