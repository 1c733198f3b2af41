"""From the bytes of files to the fleet: places are right, and a broken file spoils what refers to it (L35)."""

from collections.abc import Mapping

import yaml

from reconciler.manifests.declaring.declare import declare
from reconciler.manifests.documents import Declared
from reconciler.model.diagnostics import Where
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText
from tests.manifests.fleets import F, declared, resolved

SITE = "apiVersion: reconciler/v1\nkind: Site\n"


def read(files: Mapping[str, str], *defaults: Default) -> Declared:
    texts = [SourceText(file=file, directory="/manifests", data=text.encode()) for file, text in files.items()]
    return declare(texts, defaults=defaults, settings_directory="/settings")


def messages(given: Declared) -> list[str]:
    """All that a user reads, in order, as `file:line:col: code`."""
    found = sorted((*given.diagnostics, *resolved(given).diagnostics), key=lambda one: one.order)
    return [f"{one.where.file}:{one.where.line}:{one.where.column}: {one.code}" for one in found]


def test_the_declarations_of_these_tests_are_those_of_the_loader() -> None:
    ours = {(one.document.kind, one.name): one for one in declared(F).declarations}
    for one in read({"F.yaml": F}).declarations:
        other = ours.pop((one.document.kind, one.name))
        assert other.spec == one.spec
        assert other.document.body == one.document.body
        assert other.document.marks == one.document.marks
    assert ours == {}


def test_L35_a_site_with_an_unknown_field_is_reported_once_and_what_hangs_on_it_once_more() -> None:
    broken = SITE + "metadata: {name: HQ1}\nspec: {adress: {type: directory, path: /srv/hq1}}\n"
    rest = "\n---\n".join(F.split("\n---\n")[1:])
    given = read({"sites/hq1.yaml": broken, "rest.yaml": rest})
    assert messages(given) == ["rest.yaml:4:16: unknown-site", "sites/hq1.yaml:4:8: unknown-field"]
    assert resolved(given).fleet.sites == ()
    assert not resolved(given).fleet.whole


def test_L35_a_file_that_cannot_be_parsed_leaves_its_neighbours_in_the_fleet() -> None:
    given = read({"F.yaml": F, "half.yaml": SITE + "metadata: {name: XX1\n"})
    fleet = resolved(given).fleet
    assert len(fleet.sites) == 6
    assert not fleet.whole
    assert fleet.digest == resolved(read({"F.yaml": F})).fleet.digest


def test_a_mistake_that_comes_from_a_default_is_shown_at_the_object() -> None:
    default = Default(kind="Site", match=(), spec={"timezone": "Europe/Berln"}, where=Where("reconciler.yaml", 5, 7))
    text = SITE + "metadata: {name: HQ1}\nspec: {title: Main}\n"
    given = read({"hq1.yaml": text}, default)
    assert messages(given) == ["hq1.yaml:4:7: unknown-timezone"]
    assert resolved(given).diagnostics[0].hint == (
        'did you mean "Europe/Berlin"? spec.timezone comes from a default of the settings'
    )


def test_one_address_for_all_sites_in_a_default_is_one_mistake() -> None:
    spec = {"address": {"type": "directory", "path": "stores/all"}}
    default = Default(kind="Site", match=(), spec=spec, where=Where("reconciler.yaml", 5, 7))
    files = {f"{name}.yaml": SITE + f"metadata: {{name: {name}}}\nspec: {{parent: HQ1}}\n" for name in ("A", "B", "C")}
    files["HQ1.yaml"] = SITE + "metadata: {name: HQ1}\nspec: {title: Main}\n"
    assert messages(read(files, default)) == ["B.yaml:4:7: endpoint-collision"]


def test_a_name_in_the_path_of_a_default_gives_each_site_its_own_store() -> None:
    spec = {"address": {"type": "directory", "path": "stores/{name}"}}
    default = Default(kind="Site", match=(), spec=spec, where=Where("reconciler.yaml", 5, 7))
    files = {f"{name}.yaml": SITE + f"metadata: {{name: {name}}}\nspec: {{parent: HQ1}}\n" for name in ("A", "B")}
    files["HQ1.yaml"] = SITE + "metadata: {name: HQ1}\nspec: {title: Main}\n"
    fleet = resolved(read(files, default)).fleet
    assert [site.address and site.address.path for site in fleet.sites] == [
        "/settings/stores/A",
        "/settings/stores/B",
        "/settings/stores/HQ1",
    ]


def test_L2_one_file_or_one_file_for_each_object_is_the_same_fleet() -> None:
    split = {f"{number}.yml": text for number, text in enumerate(F.split("\n---\n"))}
    whole = resolved(read({"F.yaml": F})).fleet
    parts = resolved(read(split)).fleet
    assert parts.digest == whole.digest
    assert [site.name for site in parts.sites] == [site.name for site in whole.sites]
    assert parts.jobs[0].required == whole.jobs[0].required


def test_L2_reformatting_is_no_change() -> None:
    objects = [yaml.dump(one, sort_keys=True, default_style='"') for one in yaml.safe_load_all(F)]
    again = "\n---\n".join(objects)
    assert resolved(read({"F.yaml": again})).fleet.digest == resolved(read({"F.yaml": F})).fleet.digest
