"""`init`: a fleet that plans, or Site files from a list; nothing is overwritten."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile


def test_the_example_fleet_plans_at_once(reconcile: Reconcile) -> None:
    assert reconcile("init", "shops").code == 0
    plan = json.loads(reconcile("-C", "shops", "--dry-run", "-o", "json").out)
    assert [(job["package"], job["sites"]) for job in plan["sendOnlyJobs"]] == [("hello", ["SHOP-1", "SHOP-2"])]
    assert plan["diagnostics"] == []


def test_what_the_example_fleet_lacks_is_sent_at_once(reconcile: Reconcile) -> None:
    reconcile("init", "shops")
    assert reconcile("-C", "shops").code == 0
    assert reconcile("-C", "shops", "work", "--until-idle").code == 0
    assert reconcile("-C", "shops", "ready", "hello-everywhere").code == 0


def test_every_modeline_and_editor_setting_refers_to_a_schema_that_is_there(reconcile: Reconcile) -> None:
    reconcile("init", "shops")
    for manifest in [*Path("shops/manifests").rglob("*.yaml"), Path("shops/reconciler.yaml")]:
        modeline = manifest.read_text().splitlines()[0]
        assert (manifest.parent / modeline.partition("$schema=")[2]).is_file()
    settings = json.loads(Path("shops/.vscode/settings.json").read_text())["yaml.schemas"]
    assert all((Path("shops") / schema).is_file() for schema in settings)


def test_an_existing_file_stops_it_before_anything_is_written(reconcile: Reconcile) -> None:
    Path("shops").mkdir()
    Path("shops/reconciler.yaml").write_text("mine")
    ended = reconcile("init", "shops")
    assert (ended.code, Path("shops/reconciler.yaml").read_text()) == (1, "mine")
    assert [path.name for path in Path("shops").iterdir()] == ["reconciler.yaml"]


def test_one_site_file_for_each_row(reconcile: Reconcile) -> None:
    Path("sites.csv").write_text(
        "name,parent,timezone,label:country\nHQ,,,\nNO,HQ,Europe/Oslo,no\n012,HQ,,de\n", encoding="utf-8"
    )
    assert reconcile("init", "fleet", "--sites", "sites.csv").code == 0
    plan = json.loads(reconcile("plan", "fleet/manifests", "-o", "json").out)
    assert (plan["summary"]["sites"], plan["diagnostics"]) == (3, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,parent\nHQ\n", "sites.csv:2: the row has not as many cells"),
        ("name,parent\nHQ,,x\n", "sites.csv:2: the row has not as many cells"),
        ("name,paren\nHQ,\n", "sites.csv:1: column 'paren' is not known"),
        ("parent\nHQ\n", "sites.csv:1: there is no column name"),
        ("name\nHQ\nhq\n", "sites.csv:3: site hq stands in line 2 already"),
        ("name\nCON\n", "sites.csv:2: 'CON' cannot be the name of a site"),
        ("name\n../up\n", "sites.csv:2: '../up' cannot be the name of a site"),
        ("name\n", "sites.csv has no rows"),
    ],
)
def test_a_mistake_in_the_list_is_named_and_nothing_is_written(reconcile: Reconcile, text: str, said: str) -> None:
    Path("sites.csv").write_text(text)
    ended = reconcile("init", "fleet", "--sites", "sites.csv")
    assert ended.code == 4
    assert said in ended.err
    assert not Path("fleet").exists()
