"""What a partial clone was promised, kept beside it."""

from pathlib import Path

import pytest

from reconciler.git.objects import Objects
from reconciler.git.promised import promised_of
from reconciler.git.repository import open_repository
from reconciler.model.commits import ObjectId

from .repositories import Repo


@pytest.mark.parametrize("cut_off", ["whole", "fetched"])
def test_what_was_cut_off_when_it_was_made_is_made_anew(tmp_path: Path, cut_off: str) -> None:
    origin = Repo.new(tmp_path / "origin")
    origin.put("a.yaml", "one\n")
    origin.commit()
    origin.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial.git"
    origin.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{origin.path}", str(partial))
    folder = tmp_path / "cache"
    promised_of(open_repository(str(partial)), str(folder))
    [head] = folder.glob(f"*/{cut_off}/HEAD")
    head.unlink()
    promised = promised_of(open_repository(str(partial)), str(folder))
    assert promised is not None
    blob = ObjectId(origin.git("rev-parse", "HEAD:a.yaml"))
    promised.fetch([blob])
    with Objects(promised.git_dir) as objects:
        assert objects.read(blob) == b"one\n"
