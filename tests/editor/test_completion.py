"""What an editor makes of manifests as `reconcile init` writes them: asked of the real YAML language server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.language_server import LanguageServer, install

pytestmark = pytest.mark.long

ASIDE = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
"""The settings of an editor that knows of no schema but those that files name."""

SITE = "apiVersion: reconciler/v1\nkind: Site\nmetadata: {name: NEW}\nspec:\n  parent: HQ\n  \n"
PACKAGE = "apiVersion: reconciler/v1\nkind: Package\nmetadata: {name: new}\nspec:\n  origin: HQ\n"
JOB = "apiVersion: reconciler/v1\nkind: Job\nmetadata: {name: new}\nspec:\n  package: hello\n"
WRONG = {
    "site": (
        SITE.replace("kind: Site", "kind: Sit") + "  colour: red\n  timezone: 3\n",
        ['3: Value must be "Site".', "8: Property colour is not allowed.", '9: Incorrect type. Expected "string".'],
    ),
    "package": (
        PACKAGE + "  priority: urgent\n  source: {type: directory}\n",
        [
            '5: Missing property "setups".',
            '7: Value is not accepted. Valid values: "high", "medium", "low".',
            '8: Missing property "path".',
        ],
    ),
    "job": (
        JOB + "  comand: install\n  targets: []\n",
        [
            '5: Missing property "command".',
            "7: Property comand is not allowed.",
            "8: Array has too few items. Expected 1 or more.",
        ],
    ),
}


def modeline(kind: str) -> str:
    return f"# yaml-language-server: $schema=../../schemas/{kind}.v1.schema.json\n"


def reconcile(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet as `reconcile init` writes it."""
    folder = tmp_path_factory.mktemp("init") / "shops"
    reconcile("init", str(folder))
    return folder


@pytest.fixture(scope="module")
def server(program: Path, shops: Path) -> Iterator[LanguageServer]:
    with LanguageServer(program, shops, ASIDE) as server:
        yield server


def put(shops: Path, kind: str, text: str, name: str) -> Path:
    """A new manifest with a modeline."""
    file = shops / "manifests" / f"{kind}s" / f"{name}.yaml"
    file.write_text(modeline(kind) + text)
    return file


def test_nothing_that_init_writes_is_underlined(server: LanguageServer, shops: Path) -> None:
    files = sorted(shops.rglob("*.yaml"))
    assert len(files) == 6
    assert {file.name: server.open(file) for file in files if not file.name.startswith("new")} == {
        file.name: [] for file in files
    }


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_underlined_while_it_is_typed(server: LanguageServer, shops: Path, kind: str) -> None:
    text, underlined = WRONG[kind]
    assert sorted(server.open(put(shops, kind, text, "new-wrong"))) == sorted(underlined)


def test_each_field_is_explained_where_the_pointer_is(server: LanguageServer, shops: Path) -> None:
    file = put(shops, "site", SITE, "new-hover")
    assert server.open(file) == []
    told = server.hover(file, 6, 4)
    assert told.startswith("#### Parent\n\nThe site above this one.")
    assert "site.v1.schema.json" in told


def test_fields_and_choices_are_offered_with_what_they_mean(server: LanguageServer, shops: Path) -> None:
    site = put(shops, "site", SITE, "new-fields")
    server.open(site)
    offered = server.complete(site, 7, 3)
    assert offered["timezone"] == "The IANA time zone in which the windows of the site are meant."
    assert "parent" not in offered
    assert all(offered.values())
    package = put(shops, "package", PACKAGE + "  priority: \n", "new-choices")
    server.open(package)
    assert set(server.complete(package, 7, 13)) == {"high", "medium", "low"}


def test_each_document_of_a_file_follows_the_line_at_its_own_head(server: LanguageServer, shops: Path) -> None:
    job = JOB + "  command: install\n  targets: [{names: [SHOP-1]}]\n"
    file = put(shops, "job", f"{job}---\n{modeline('site')}{SITE}  colour: red\n", "new-both")
    assert server.open(file) == ["17: Property colour is not allowed."]


def test_one_schema_for_all_kinds_does_for_files_that_mix_them(server: LanguageServer, shops: Path) -> None:
    (shops / "schemas" / "manifest.v1.schema.json").write_text(reconcile("schema"))
    job = JOB + "  command: install\n  targets: [{names: [SHOP-1]}]\n"
    line = modeline("manifest").replace("../../", "../")
    file = shops / "manifests" / "new-mixed.yaml"
    file.write_text("---\n".join(line + text for text in (job, f"{SITE}  colour: red\n", PACKAGE)))
    assert sorted(server.open(file)) == [
        "17: Property colour is not allowed.",
        '23: Missing property "setups".',
        '23: Missing property "source".',
    ]


def test_the_settings_for_vs_code_do_without_the_lines(program: Path, shops: Path) -> None:
    """What the extension reads from .vscode/settings.json."""
    schemas = json.loads((shops / ".vscode" / "settings.json").read_text())["yaml.schemas"]
    with LanguageServer(program, shops, ASIDE | {"schemas": schemas}) as server:
        for kind, (text, underlined) in WRONG.items():
            file = shops / "manifests" / f"{kind}s" / "new-bare.yaml"
            file.write_text(f"# no line for an editor\n{text}")
            assert sorted(server.open(file)) == sorted(underlined)
        config = shops / "reconciler.yaml"
        _, rest = config.read_text().split("\n", 1)
        assert server.open(config, f"# no line\n{rest}  colour: red\n") == [
            f"{len(rest.splitlines()) + 2}: Property colour is not allowed."
        ]
