"""`reconcile verify`: drift is found, recorded, and healed by exactly one send (L34)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.cli.test_dry_run import contents

Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the fleet is kept as the first test staged it: the others begin with a copy."""
    return tmp_path_factory.mktemp("template")


@pytest.fixture
def staged(reconcile: Reconcile, fleet: Path, template: Path) -> Path:
    """till-4 is staged and proved at DE1 and EU1; the folder of the stores."""
    stores = fleet / "stores"
    if (template / "stores").exists():
        shutil.copytree(template, fleet, dirs_exist_ok=True)
        return stores
    for name in ("DE1", "EU1"):
        (stores / name).mkdir(parents=True)
    assert reconcile("-q").code == 0
    assert reconcile("work", "--until-idle").code == 0
    shutil.copytree(fleet, template, dirs_exist_ok=True)
    return stores


def only(folder: Path) -> Path:
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    return file


def alter(store: Path) -> None:
    file = only(store / "packs")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def replace_by_link(store: Path) -> None:
    file = only(store / "packs")
    elsewhere = store.parent / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def truncate(store: Path) -> None:
    file = only(store / "packs")
    file.write_bytes(file.read_bytes()[:-1])


DAMAGES: dict[str, tuple[Damage, str]] = {
    "pack gone": (lambda store: only(store / "packs").unlink(), "content-damaged"),
    "pack truncated": (truncate, "content-damaged"),
    "pack altered": (alter, "content-damaged"),
    "pack a link": (replace_by_link, "content-damaged"),
    "index gone": (lambda store: only(store / "indexes").unlink(), "content-damaged"),
    "record altered": (lambda store: only(store / "records").write_bytes(b"{}"), "content-damaged"),
    "record gone": (lambda store: only(store / "records").unlink(), "content-missing"),
    "all but the identity gone": (
        lambda store: [shutil.rmtree(store / name) for name in ("packs", "indexes", "records")] and None,
        "content-missing",
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_L34_what_is_lost_at_a_site_is_found_and_healed_by_one_send(
    reconcile: Reconcile, staged: Path, kind: str
) -> None:
    damage, word = DAMAGES[kind]
    damage(staged / "DE1")
    found = reconcile("verify", "--deep")
    assert found.code == 3
    assert f"till-4@DE1  staged -> {word}" in found.out
    assert reconcile("-q").code == 0
    assert reconcile("work", "--until-idle").code == 0
    sends = json.loads(reconcile("status", "sends", "-o", "json").out)["sends"]
    assert sorted(row["site"] for send in sends for row in send["sites"]) == ["DE1", "DE1", "EU1"]
    assert "No changes." in reconcile("--dry-run").out
    healed = reconcile("verify", "--deep", "-o", "json")
    assert (healed.code, json.loads(healed.out)["summary"]["agree"]) == (0, 2)


def test_L37_a_store_that_lost_its_identity_is_unknown_until_it_is_enrolled(reconcile: Reconcile, staged: Path) -> None:
    (staged / "DE1" / "reconciler-store.json").unlink()
    found = reconcile("verify")
    assert found.code == 1
    assert "till-4@DE1  staged -> unknown" in found.out
    assert "blocked" in reconcile("--dry-run").out
    before = contents(staged / "DE1")
    assert reconcile("enroll").code == 3, "it may be a share that is not mounted: only by name"
    assert contents(staged / "DE1") == before
    assert reconcile("enroll", "DE1").code == 0
    assert "No changes." in reconcile("--dry-run").out
    assert reconcile("verify").code == 0


def test_L37_an_unmounted_share_is_unknown_and_back_again_ready_without_a_send(
    reconcile: Reconcile, staged: Path
) -> None:
    (staged / "DE1").rename(staged / "away")
    (staged / "DE1").mkdir()
    assert reconcile("verify").code == 1
    assert "0 send-only jobs" in reconcile("--dry-run").out or "No changes" in reconcile("--dry-run").out
    (staged / "DE1").rmdir()
    (staged / "away").rename(staged / "DE1")
    assert reconcile("verify").code == 3
    assert reconcile("verify").code == 0
    assert "No changes. The one job is ready" in reconcile("--dry-run").out


def test_a_dry_run_tells_of_drift_and_records_nothing(reconcile: Reconcile, fleet: Path, staged: Path) -> None:
    only(staged / "DE1" / "packs").unlink()
    before = contents(fleet)
    found = reconcile("--dry-run", "verify")
    assert (found.code, "Nothing was written." in found.out) == (3, True)
    assert contents(fleet) == before


def test_the_words_of_the_json(reconcile: Reconcile, staged: Path) -> None:
    only(staged / "DE1" / "records").unlink()
    (staged / "EU1" / "notes.txt").touch()
    found = reconcile("verify", "-o", "json")
    told = json.loads(found.out)
    assert {name: told[name] for name in ("formatVersion", "kind", "deep")} == {
        "formatVersion": "1.0",
        "kind": "Verification",
        "deep": False,
    }
    assert told["summary"] == {
        "sites": 2,
        "agree": 1,
        "drift": 1,
        "noStore": 0,
        "otherStore": 0,
        "notAsked": 0,
        "pairs": 2,
        "drifted": 1,
        "bytes": told["summary"]["bytes"],
    }
    de1, eu1 = told["sites"]
    assert (de1["site"], de1["answer"], eu1["answer"]) == ("DE1", "drift", "agrees")
    assert de1["pairs"] == [
        {
            "package": "till-4",
            "site": "DE1",
            "effect": "drift",
            "was": "staged",
            "found": "content-missing",
            "number": 0,
            "why": "record 1 is not there",
            "bytesRead": False,
            "verifiedAt": "",
            "held": False,
        }
    ]
    assert eu1["strangers"] == [{"name": "notes.txt", "kind": "file"}]


def test_only_the_named_sites_are_asked(reconcile: Reconcile, staged: Path) -> None:
    only(staged / "DE1" / "packs").unlink()
    assert reconcile("verify", "EU1").code == 0
    assert reconcile("verify", "EU1", "DE1").code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("DE11",), "hint: did you mean DE1?"),
        (("HQ1",), "site HQ1 has no address"),
        (("--rate", "fast"), "--rate: 'fast' is not a rate such as 20Mbit/s"),
        (("-o", "yaml"), "-o yaml is not offered here"),
    ],
)
def test_a_wrong_command_line_is_told(reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = reconcile("verify", *arguments)
    assert (ended.code, said in ended.err) == (64, True)


def test_a_site_without_a_folder_could_not_be_asked_and_nothing_is_called_absent(
    reconcile: Reconcile, fleet: Path
) -> None:
    ended = reconcile("verify")
    assert (ended.code, "DE1  another store" in ended.out) == (1, True)


def test_L35_a_broken_manifest_stops_no_verification(reconcile: Reconcile, fleet: Path, staged: Path) -> None:
    (fleet / "manifests" / "broken.yaml").write_text("kind: [")
    only(staged / "DE1" / "packs").unlink()
    ended = reconcile("verify")
    assert (ended.code, "till-4@DE1  staged -> content-damaged" in ended.out) == (4, True)
