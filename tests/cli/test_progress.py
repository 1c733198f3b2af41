"""What is told of a long reading."""

import io

import pytest

from reconciler.cli.progress import ERASE, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "steps", "told"),
    [
        (Terminal(), [(0.5, 0), (2.0, 1), (3.0, 2)], f"{ERASE}reading sources: 1 of 2, till{ERASE}"),
        (Terminal(), [(0.1, 0), (0.2, 1), (0.3, 2)], ""),
        (io.StringIO(), [(2.0, 0), (63.0, 1), (90.0, 2)], "reading sources: 1 of 2\n"),
        (io.StringIO(), [(2.0, 0), (3.0, 1), (4.0, 2), (64.0, 0), (65.0, 1), (66.0, 2)], ""),
    ],
)
def test_progress_is_told_once_it_takes_long(stream: io.StringIO, steps: list[tuple[float, int]], told: str) -> None:
    times = iter([0.0, *(at for at, _ in steps)])
    progress = Progress(stream, lambda: next(times))
    for _, done in steps:
        progress.step(done, 2, "till")
    assert stream.getvalue() == told
