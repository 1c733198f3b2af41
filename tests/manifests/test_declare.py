"""Documents to declarations: defaults under them, paths, what is content of a package, what spoils what."""

from typing import Any

import pytest

from reconciler.manifests.declaring.declare import declare, read_file
from reconciler.manifests.declaring.settings import read_settings
from reconciler.manifests.documents import Declared
from reconciler.model.diagnostics import Severity, Where
from reconciler.model.settings import Default
from reconciler.model.source_text import SourceText


def source(file: str, text: str) -> SourceText:
    """A file beneath /fleet."""
    folder, _, _ = f"/fleet/{file}".rpartition("/")
    return SourceText(file=file, directory=folder, data=text.encode())


def site(name: str, spec: str = "{}", labels: str = "{}") -> str:
    return f"apiVersion: reconciler/v1\nkind: Site\nmetadata: {{name: {name}, labels: {labels}}}\nspec: {spec}\n"


def package(name: str, path: str) -> str:
    return (
        f"apiVersion: reconciler/v1\nkind: Package\nmetadata: {{name: {name}}}\nspec:\n  origin: HQ1\n"
        f"  source: {{type: directory, path: {path}}}\n  setups: {{sharing: {{share: X}}}}\n"
    )


def defaults(*entries: str) -> tuple[Default, ...]:
    """The defaults of a settings file with one entry a line, from line 5 on."""
    if not entries:
        return ()
    text = "apiVersion: reconciler/v1\nkind: Config\nspec:\n  defaults:\n" + "".join(
        f"    - {one}\n" for one in entries
    )
    read = read_settings(
        SourceText(file="reconciler.yaml", directory="/settings", data=text.encode()), directory="/settings"
    )
    assert read.settings is not None, read.diagnostics
    return read.settings.defaults


def declared(*sources: SourceText, under: tuple[Default, ...] = ()) -> Declared:
    return declare(sources, defaults=under, settings_directory="/settings")


def spec_of(text: str, *entries: str) -> Any:
    """The merged spec of the only object in the text, in /fleet/sites/a.yaml."""
    found = declared(source("sites/a.yaml", text), under=defaults(*entries))
    assert found.diagnostics == ()
    return found.declarations[0].spec


def told(found: Declared) -> list[str]:
    return [f"{one.where.file}:{one.where.line}:{one.where.column} {one.code}" for one in found.diagnostics]


# Defaults


def test_a_default_fills_what_the_object_does_not_say() -> None:
    assert spec_of(site("A"), "{kind: Site, spec: {keep: 3, type: secondary}}") == {"keep": 3, "type": "secondary"}


def test_the_object_always_wins_field_by_field() -> None:
    spec = spec_of(
        site("A", "{limits: {rate: 1Mbit/s}}"),
        "{kind: Site, spec: {limits: {rate: 9Mbit/s, maxConcurrent: 2}}}",
    )
    assert spec == {"limits": {"rate": "1Mbit/s", "maxConcurrent": 2}}


def test_a_later_default_lies_over_an_earlier_one() -> None:
    spec = spec_of(
        site("A"),
        "{kind: Site, spec: {limits: {rate: 1Mbit/s, maxConcurrent: 1}}}",
        "{kind: Site, spec: {limits: {rate: 2Mbit/s}}}",
    )
    assert spec == {"limits": {"rate": "2Mbit/s", "maxConcurrent": 1}}


def test_lists_are_replaced() -> None:
    spec = spec_of(site("A", "{domains: {X: [b]}}"), "{kind: Site, spec: {domains: {X: [a], Y: [c]}}}")
    assert spec == {"domains": {"X": ["b"], "Y": ["c"]}}


def test_a_default_holds_for_its_kind_only() -> None:
    assert spec_of(site("A"), "{kind: Job, spec: {priority: high}}") == {}


@pytest.mark.parametrize(
    ("labels", "keep"), [("{link: dsl}", 2), ("{link: lan}", 0), ("{}", 0), ("{link: lan, region: emea}", 2)]
)
def test_one_of_the_selectors_of_a_default_must_match(labels: str, keep: int) -> None:
    spec = spec_of(
        site("A", labels=labels),
        "{kind: Site, spec: {keep: 0}}",
        "{kind: Site, match: [{matchLabels: {link: dsl}}, {matchLabels: {region: emea}}], spec: {keep: 2}}",
    )
    assert spec == {"keep": keep}


def test_name_and_labels_are_filled_in_in_addresses_that_come_from_defaults() -> None:
    spec = spec_of(
        site("A", labels="{region: emea, example.org/tier: t1}"),
        '{kind: Site, spec: {address: {type: directory, path: "/{labels.region}/{labels.example.org/tier}/{name}"}}}',
    )
    assert spec["address"]["path"] == "/emea/t1/A"


def test_nothing_is_filled_in_anywhere_else() -> None:
    spec = spec_of(
        site("A", '{address: {path: "/own/{name}"}}'),
        '{kind: Site, spec: {title: "{name} of {labels.region}", address: {type: directory, path: "/{labels.x}"}}}',
    )
    assert spec["title"] == "{name} of {labels.region}"
    assert spec["address"]["path"] == "/own/{name}"


@pytest.mark.parametrize("labels", ["{}", '{region: ""}'])
def test_a_missing_label_is_an_error_that_names_site_and_label_at_the_place_of_the_default(labels: str) -> None:
    under = defaults('{kind: Site, spec: {address: {type: directory, path: "/srv/{labels.region}"}}}')
    found = declared(
        source("a.yaml", site("A", labels=labels)), source("b.yaml", site("B", labels="{region: x}")), under=under
    )
    assert told(found) == ["reconciler.yaml:5:7 missing-label"]
    assert found.diagnostics[0].message == 'site "A" has no label "region", which this address is made of'
    assert found.diagnostics[0].hint == "add the label in a.yaml:3, or give the site an address of its own"
    assert [one.name for one in found.declarations] == ["B"]
    assert found.broken == ("a.yaml",)


def test_what_a_default_makes_wrong_is_shown_at_the_default() -> None:
    under = defaults("{kind: Site, spec: {address: {requireMount: true}}}")
    found = declared(source("a.yaml", site("A")), under=under)
    assert told(found) == ["reconciler.yaml:5:7 missing-field"]
    found = declared(source("a.yaml", site("A", "{address: {type: directory}}")), under=under)
    assert told(found) == ["a.yaml:4:8 missing-field"]


def test_a_missing_spec_is_shown_at_the_object_though_a_default_would_lie_under_it() -> None:
    text = site("A").removesuffix("spec: {}\n")
    found = declared(source("sites/a.yaml", text), under=defaults("{kind: Site, spec: {keep: 3}}"))
    assert told(found) == ["sites/a.yaml:1:1 missing-field"]


def test_a_default_may_supply_what_the_schema_requires() -> None:
    text = "apiVersion: reconciler/v1\nkind: Job\nmetadata: {name: j}\nspec: {package: p, targets: [{names: A}]}\n"
    assert spec_of(text, "{kind: Job, spec: {command: install}}")["command"] == "install"


# Paths


@pytest.mark.parametrize(
    ("typed", "absolute"),
    [
        ("../x", "/fleet/x"),
        ("x/./y/", "/fleet/sites/x/y"),
        ("/srv//x/../y", "/srv/y"),
        ("//srv", "/srv"),
        (".", "/fleet/sites"),
    ],
)
def test_a_path_refers_to_the_folder_of_its_file(typed: str, absolute: str) -> None:
    assert spec_of(site("A", f"{{address: {{type: directory, path: {typed}}}}}"))["address"]["path"] == absolute
    assert spec_of(package("p", typed))["source"]["path"] == absolute


def test_a_path_of_a_default_refers_to_the_folder_of_the_settings() -> None:
    spec = spec_of(site("A"), "{kind: Site, spec: {address: {type: directory, path: stores/x}}}")
    assert spec["address"]["path"] == "/settings/stores/x"
    text = package("p", "x").replace(", path: x", "")
    assert spec_of(text, "{kind: Package, spec: {source: {path: y}}}")["source"]["path"] == "/settings/y"


def test_the_document_keeps_what_was_typed() -> None:
    found = declared(source("a.yaml", site("A", "{address: {type: directory, path: x}}")))
    document = found.declarations[0].document
    assert document.body["spec"] == {"address": {"type": "directory", "path": "x"}}
    assert (document.kind, document.name, document.file, document.directory) == ("Site", "A", "a.yaml", "/fleet")
    assert document.where("spec", "address", "path") == Where("a.yaml", 4, 41)


# What is content of a package


def test_files_beneath_a_source_are_content_and_not_read() -> None:
    found = declared(
        source("packages/p.yaml", package("p", "../payload")),
        source("payload/broken.yaml", "a: ["),
        source("payload/deep/other.yaml", "a: b\n"),
        source("payload2/a.yaml", site("A")),
    )
    assert found.diagnostics == ()
    assert found.broken == ()
    assert [one.name for one in found.declarations] == ["p", "A"]


def test_a_package_may_stand_inside_its_own_source() -> None:
    found = declared(
        source("p/package.yaml", package("p", ".")),
        source("p/q.yaml", package("q", ".")),
        source("p/site.yml", "a: ["),
    )
    assert found.diagnostics == ()
    assert [one.name for one in found.declarations] == ["p", "q"]


def test_objects_that_are_left_out_as_content_are_named_in_a_warning() -> None:
    found = declared(
        source("p.yaml", package("p", ".")),
        source("b.yaml", site("B")),
        source("a.yaml", site("A")),
        source("c.yaml", "a: ["),
    )
    assert told(found) == ["p.yaml:6:35 manifests-in-source"]
    assert found.diagnostics[0].severity is Severity.WARNING
    assert found.diagnostics[0].message == (
        'objects in a.yaml and 1 more are not read: the files are content of package "p"'
    )
    assert [one.name for one in found.declarations] == ["p"]
    assert found.broken == ()


def test_what_content_says_of_sources_does_not_count() -> None:
    found = declared(
        source("m/p.yaml", package("p", "../payload")),
        source("n/a.yaml", site("A")),
        source("payload/vendor/evil.yaml", package("evil", "/fleet/n")),
    )
    assert [one.name for one in found.declarations] == ["p", "A"]


def test_sources_that_hold_each_others_manifests_are_an_error() -> None:
    found = declared(
        source("m/p.yaml", package("p", "../payload")),
        source("m/a.yaml", site("A")),
        source("payload/evil.yaml", package("evil", "/fleet/m")),
    )
    assert told(found) == ["m/p.yaml:6:35 source-knot", "payload/evil.yaml:6:35 source-knot"]
    assert [one.name for one in found.declarations] == ["A"]
    assert found.broken == ("m/p.yaml", "payload/evil.yaml")


def test_the_source_of_a_broken_package_is_content_all_the_same() -> None:
    found = declared(
        source("p.yaml", package("p", "payload").replace("origin", "orgin")),
        source("payload/x.yaml", "a: ["),
    )
    assert told(found) == ["p.yaml:5:3 unknown-field"]


def test_manifests_may_lie_at_the_root_of_the_file_system() -> None:
    text = SourceText(file="p.yaml", directory="/", data=package("p", "payload").encode())
    assert [one.name for one in declared(text).declarations] == ["p"]


# What spoils what


def test_L35_a_bad_document_spoils_itself_only() -> None:
    found = declared(source("a.yaml", f"{site('A')}---\n{site('B', '{kep: 1}')}---\n{site('C')}"))
    assert [one.name for one in found.declarations] == ["A", "C"]
    assert told(found) == ["a.yaml:9:8 unknown-field"]
    assert found.broken == ("a.yaml",)


def test_L35_a_file_that_cannot_be_parsed_spoils_itself_only() -> None:
    found = declared(source("a.yaml", f"{site('A')}---\na: ["), source("b.yaml", site("B")))
    assert [one.name for one in found.declarations] == ["B"]
    assert told(found) == ["a.yaml:7:1 syntax"]
    assert found.broken == ("a.yaml",)


def test_L35_a_document_with_a_reported_value_is_left_out_though_its_schema_accepts_the_rest() -> None:
    found = declared(source("a.yaml", site("A", "{keep: 1, keep: 1}")))
    assert found.declarations == ()
    assert told(found) == ["a.yaml:4:17 duplicate-key"]


def test_everything_wrong_is_told_in_one_run_sorted_by_place() -> None:
    found = declared(
        source("b.yaml", site("nul", "{kep: 1}")),
        source("a.yaml", f"{site('A', '{x: 1, keep: a}')}---\n{site('con')}"),
    )
    assert told(found) == [
        "a.yaml:4:8 unknown-field",
        "a.yaml:4:20 wrong-type",
        "a.yaml:8:18 reserved-name",
        "b.yaml:4:8 unknown-field",
    ]
    assert found.broken == ("a.yaml", "b.yaml")


@pytest.mark.parametrize("name", ["CON", "prn", "Aux", "nul", "COM1", "lpt9", "con.old"])
def test_L30_names_of_devices_are_refused_for_every_kind(name: str) -> None:
    for text in (site(name), package(name, "x")):
        assert [one.code for one in declared(source("a.yaml", text)).diagnostics] == ["reserved-name"]


@pytest.mark.parametrize("name", ["COM0", "COM10", "CONSOLE", "NULL1", "xCON"])
def test_L30_names_that_only_resemble_them_are_names(name: str) -> None:
    assert declared(source("a.yaml", site(name))).diagnostics == ()


def test_a_label_with_a_prefix_that_is_too_long_is_refused() -> None:
    prefix = ".".join(["a" * 63] * 4)
    found = declared(source("a.yaml", site("A", labels=f"{{{prefix}/x: y}}")))
    assert told(found) == ["a.yaml:3:30 invalid-label"]


def test_no_more_than_thirty_complaints_about_one_document() -> None:
    fields = ", ".join(f"x{number}: 1" for number in range(100))
    assert len(declared(source("a.yaml", site("A", f"{{{fields}}}"))).diagnostics) == 30


# Order and emptiness


def test_declarations_are_sorted_by_kind_name_and_place() -> None:
    found = declared(
        source("b.yaml", site("A")), source("a.yaml", f"{site('B')}---\n{site('A')}---\n{package('z', 'x')}")
    )
    assert [(one.document.kind, one.name, one.document.file) for one in found.declarations] == [
        ("Package", "z", "a.yaml"),
        ("Site", "A", "a.yaml"),
        ("Site", "A", "b.yaml"),
        ("Site", "B", "a.yaml"),
    ]


def test_no_file_and_files_without_a_document_are_empty() -> None:
    assert declared().empty
    found = declared(source("a.yaml", ""), source("b.yaml", "# nothing\n"))
    assert found.empty
    assert told(found) == ["a.yaml:1:1 empty-file", "b.yaml:1:1 empty-file"]
    assert found.broken == ("a.yaml", "b.yaml")


@pytest.mark.parametrize("text", ["a: [", "a: b\n", "kind: Site\n"])
def test_a_file_that_holds_something_is_not_empty(text: str) -> None:
    assert not declared(source("a.yaml", text)).empty


def test_what_a_file_declares_depends_on_nothing_but_its_text_place_and_defaults() -> None:
    text = source("a.yaml", f"{site('A')}---\n{site('B', '{kep: 1}')}")
    first = read_file(text, defaults=(), settings_directory="/settings")
    assert read_file(text, defaults=(), settings_directory="/settings") == first
