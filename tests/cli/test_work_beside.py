"""A worker beside the passes of `watch`."""

from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from reconciler.cli import work_beside
from reconciler.cli.options import Options
from reconciler.cli.workplace import Workplace


class Passes:
    """Fails at the second question, is asked on, and has nothing to send."""

    def __init__(self) -> None:
        self.asked = 0
        self.goes_on = Event()

    @property
    def fleet(self) -> object:
        self.asked += 1
        if self.asked == 2:
            raise RuntimeError("never thought of")
        if self.asked > 2:
            self.goes_on.set()
            return None
        return self


def test_a_fault_of_our_own_does_not_end_sending_while_the_passes_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(work_beside, "AGAIN", 0.01)
    (tmp_path / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {}\n")
    passes = Passes()
    place = Workplace(Options(config=str(tmp_path / "reconciler.yaml")))
    worker = work_beside.WorkBeside(place, cast(Any, passes), stop=lambda: False, heard=lambda _event: None)
    try:
        assert passes.goes_on.wait(10)
    finally:
        worker.close(10)
    assert "a fault of reconcile: RuntimeError('never thought of')" in capsys.readouterr().err
