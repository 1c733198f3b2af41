"""What `watch` repeats on commits, at a place in this process: who may record, and what stays if nobody may."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.cli.options import Options
from reconciler.cli.reconciling import on_commits
from reconciler.cli.workplace import work_in
from reconciler.engine.standby import TurnLost
from reconciler.git.following import LocalBranch
from reconciler.git.repository import open_repository
from reconciler.model.commits import CommitId
from reconciler.state.protocol import State
from tests.git.repositories import Repo


@pytest.mark.parametrize(("lost_at", "sends"), [(1, 0), (2, 2)])
def test_R5_whoever_lost_its_turn_records_nothing_more(fleet: Path, lost_at: int, sends: int) -> None:
    """It is asked before the plan is recorded, and again before the branch goes on."""
    Repo.new(fleet).commit()
    place = work_in(Options())
    asked: list[Sequence[object]] = []

    def confirm(state: State) -> None:
        asked.append(state.sends())
        if len(asked) == lost_at:
            raise TurnLost

    reconciling = on_commits(
        Options(),
        place,
        LocalBranch(repository=open_repository(str(fleet)), branch="main"),
        confirm=confirm,
        configure=lambda _settings: None,
        touched=lambda _paths: None,
        nearby=(),
    )
    look = reconciling.look(None, frozenset())
    with pytest.raises(TurnLost):
        reconciling.run(look)
    state = place.open_state(write=False)
    assert [len(found) for found in asked] == [0, 2][:lost_at]
    assert len(state.sends()) == sends
    assert state.history(subject="branch/main") == []
    state.close()


def test_what_was_accepted_while_a_pass_was_made_is_where_the_branch_goes_on(fleet: Path) -> None:
    repo = Repo.new(fleet)
    first = repo.commit("Begin")
    place = work_in(Options())
    other = CommitId("1" * 40)

    def accept(state: State) -> None:
        state.follow("main", other, place.author(), accepted=True)

    reconciling = on_commits(
        Options(),
        place,
        LocalBranch(repository=open_repository(str(fleet)), branch="main"),
        confirm=accept,
        configure=lambda _settings: None,
        touched=lambda _paths: None,
        nearby=(),
    )
    assert reconciling.run(reconciling.look(None, frozenset())).commit == first
    state = place.open_state(write=False)
    assert [event.detail for event in state.history(subject="branch/main")] == [other]
    state.close()
    held = reconciling.run(reconciling.look(None, frozenset()))
    assert [found.code for found in held.diagnostics] == ["history-rewritten"]
