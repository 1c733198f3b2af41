"""What the files of a team may declare and touch: YAML cases in tests/cases/ownership, and what holds of them all."""

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.declaring.declare import declared, read_files
from reconciler.manifests.declaring.settings import read_settings
from reconciler.manifests.documents import Declared
from reconciler.manifests.owners import NOBODY, Owners, Ownership
from reconciler.manifests.resolving.fleet import Resolved, resolve, sources_of
from reconciler.manifests.resolving.objects import NO_OBJECTS
from reconciler.model.diagnostics import Where
from reconciler.model.ignoring import Patterns
from reconciler.model.settings import Owned
from reconciler.model.source_text import SourceText
from tests.manifests.fleets import F, at, content, resolved

TOP = "/srv/fleet"

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted((Path(__file__).parent.parent / "cases" / "ownership").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    given, expect = case["given"], case["expect"]
    declarations = declare(given["files"], entries_of(given["ownership"]), alone=given.get("alone", False))
    result = resolved(declarations)
    found = [
        {"code": one.code, "at": at(one.where), "path": one.path, "message": one.message, "hint": one.hint}
        for one in (*declarations.diagnostics, *result.diagnostics)
    ]
    expected = expect.get("diagnostics", [])
    assert len(found) == len(expected), found
    assert [{key: one[key] for key in wanted} for one, wanted in zip(found, expected, strict=True)] == expected, found
    every = objects(given["files"], alone=given.get("alone", False))
    assert sorted(every - reached(result)) == sorted(expect.get("left_out", []))
    assert list(declarations.broken) == expect.get("broken", [])
    assert result.fleet.whole == (not expect.get("left_out"))
    for name, sites in expect.get("required", {}).items():
        assert list(result.fleet.names(result.fleet.jobs_by_name[name].required)) == sites


@pytest.mark.parametrize("case", CASES)
def test_an_ownership_without_matching_paths_changes_nothing(case: dict[str, Any]) -> None:
    files = case["given"]["files"]
    elsewhere = tuple(entry for entry in entries_of([{"paths": ["nowhere/", "!*"], "kinds": ["Job"], "names": ["x"]}]))
    assert resolved(declare(files, elsewhere)) == resolved(declare(files, ()))


@pytest.mark.parametrize("case", CASES)
def test_an_owner_who_may_do_everything_changes_nothing(case: dict[str, Any]) -> None:
    files = case["given"]["files"]
    everything = entries_of([{"paths": ["*"]}])
    assert resolved(declare(files, everything)) == resolved(declare(files, ()))


def test_what_is_remembered_of_the_last_pass_does_not_outlive_a_change_of_owners() -> None:
    """A site that moves to another folder is declared as before, and yet it is another's."""
    site = "{kind: Site, metadata: {name: SE1}, spec: {parent: HQ1}}"
    job = "{kind: Job, metadata: {name: a1}, spec: {package: HQ100001, command: install, targets: [{names: SE1}]}}"
    entries = entries_of([{"paths": ["a/"]}, {"paths": ["b/"]}])
    objects_ = NO_OBJECTS
    left_out = []
    for folder in ("a", "b", "a"):
        declarations = declare({"a/job.yaml": job, f"{folder}/site.yaml": site}, entries)
        contents = {one.package: content(one.package) for one in sources_of(declarations)}
        result = resolve(declarations, contents, objects_)
        assert result.objects is not None
        objects_ = result.objects
        left_out.append([one.code for one in result.diagnostics])
    assert left_out == [[], ["owner-site"], []]


def owner(path: str, *paths: str, tops: Iterable[str] = (TOP,)) -> bool:
    entry = Owned(paths=paths, labels={}, where=Where("reconciler.yaml"))
    return Owners(Ownership(entries=(entry,), tops=tuple(tops))).of(path) is entry


@pytest.mark.parametrize(
    ("patterns", "path", "owned"),
    [
        (["teams/a/"], "teams/a/x.yaml", True),
        (["teams/a/"], "teams/a/deep/er/x.yaml", True),
        (["/teams/a"], "teams/a/x.yaml", True),
        (["teams/a/"], "teams/ab/x.yaml", False),
        (["teams/a/"], "teams/a", False),
        (["teams/a/"], "other/teams/a/x.yaml", False),
        (["a/"], "other/a/x.yaml", True),
        (["teams/*/jobs/"], "teams/b/jobs/x.yaml", True),
        (["teams/**/x.yaml"], "teams/b/c/x.yaml", True),
        (["*.yaml"], "teams/x.yaml", True),
        (["*"], "x.yml", True),
        (["teams/a/", "!teams/a/public/"], "teams/a/public/x.yaml", False),
        (["teams/a/", "!*.yml"], "teams/a/x.yml", False),
        (["!teams/a/public/", "teams/a/"], "teams/a/public/x.yaml", True),
        (["Teams/a/"], "teams/a/x.yaml", False),
        (["teams/\udcff/"], "teams/\udcff/x.yaml", True),
        (["teams/a/"], "./teams/b/../a/x.yaml", True),
        (["teams/a/"], "teams/a/../b/x.yaml", False),
        (["[", "#", "\\"], "[/x.yaml", False),
    ],
)
def test_paths_are_patterns_as_in_gitignore_and_the_last_one_decides(
    patterns: list[str], path: str, owned: bool
) -> None:
    assert owner(f"{TOP}/{path}", *patterns) is owned


def test_paths_are_seen_from_the_innermost_top() -> None:
    tops = (TOP, f"{TOP}/inner")
    assert owner(f"{TOP}/inner/a/x.yaml", "/a/", tops=tops)
    assert not owner(f"{TOP}/inner/a/x.yaml", "/inner/", tops=tops)
    assert owner(f"{TOP}/a/x.yaml", "/a/", tops=tops)
    assert owner("/etc/a/x.yaml", "/etc/a/", tops=tops), "beneath no top: from the root"


PARTS = st.sampled_from(("a", "b", "A", "x.yaml"))


@given(
    path=st.lists(PARTS, min_size=1, max_size=4).map("/".join),
    entries=st.lists(
        st.lists(
            st.builds(
                lambda parts, start, end: f"{start}{'/'.join(parts)}{end}",
                st.lists(st.sampled_from(("a", "b", "*", "**", "x.yaml")), min_size=1, max_size=3),
                st.sampled_from(("", "/", "!")),
                st.sampled_from(("", "/")),
            ),
            max_size=3,
        ),
        max_size=4,
    ),
)
def test_folders_asked_once_answer_as_if_each_pattern_were_asked(path: str, entries: list[list[str]]) -> None:
    """Against the rule in its plainest words: the last entry one of whose patterns, the last that matches, says so."""
    owned = tuple(Owned(paths=tuple(paths), labels={}, where=Where("reconciler.yaml")) for paths in entries)
    steps = path.split("/")
    places = [("/".join(steps[:count]), count < len(steps)) for count in range(1, len(steps) + 1)]
    wanted = None
    for entry in owned:
        said = False
        for pattern in entry.paths:
            if any(Patterns.of((pattern,)).verdict(place, folder=folder) is not None for place, folder in places):
                said = not pattern.startswith("!")
        wanted = entry if said else wanted
    owners = Owners(Ownership(entries=owned, tops=(TOP,)))
    assert owners.of(f"{TOP}/{path}") is wanted
    assert owners.of(f"{TOP}/{path}") is wanted, "asked again"


def test_ten_thousand_files_are_looked_up_in_no_time() -> None:
    entries = entries_of([{"paths": [f"teams/{number}/", f"shared/{number}/*.yaml"]} for number in range(50)])
    files = [f"{TOP}/teams/{number % 100}/{number // 100}.yaml" for number in range(10_000)]
    owners = Owners(Ownership(entries=entries, tops=(TOP,)))
    began = time.process_time()
    owned = sum(owners.of(file) is not None for file in files)
    assert owned == 5000
    assert time.process_time() - began < 3


def entries_of(entries: list[dict[str, Any]]) -> tuple[Owned, ...]:
    """As the settings read them; the first stands in line 4."""
    lines = ",\n  ".join(map(json.dumps, entries))
    text = f"apiVersion: reconciler/v1\nkind: Config\nspec: {{ownership: [\n  {lines}]}}\n"
    read = read_settings(SourceText(file="reconciler.yaml", directory=TOP, data=text.encode()), directory=TOP)
    assert read.settings is not None, read.diagnostics
    return read.settings.ownership


def declare(files: Mapping[str, str], entries: tuple[Owned, ...], *, alone: bool = False) -> Declared:
    texts = [
        SourceText(file=file, directory=f"{TOP}/{file}".rpartition("/")[0], data=with_version(text).encode())
        for file, text in written(files, alone=alone).items()
    ]
    read = read_files(texts, defaults=(), settings_directory=TOP)
    return declared(read, Ownership(entries=entries, tops=(TOP,)) if entries else NOBODY)


def with_version(text: str) -> str:
    """Left out of the cases, to keep them short."""
    text = re.sub(r"^\{kind: ", "{apiVersion: reconciler/v1, kind: ", text, flags=re.MULTILINE)
    return re.sub(r"(?<!v1\n)^kind: ", "apiVersion: reconciler/v1\nkind: ", text, flags=re.MULTILINE)


def written(files: Mapping[str, str], *, alone: bool) -> dict[str, str]:
    return dict(files) if alone else {"F.yaml": F, **files}


def objects(files: Mapping[str, str], *, alone: bool) -> set[str]:
    return {
        f"{body['kind']}/{body['metadata']['name']} of {file}"
        for file, text in written(files, alone=alone).items()
        for body in yaml.safe_load_all(text)
        if "kind" in body
    }


def reached(result: Resolved) -> set[str]:
    fleet = result.fleet
    return {
        f"{kind}/{one.name} of {one.where.file}"
        for kind, some in (("Site", fleet.sites), ("Package", fleet.packages), ("Job", fleet.jobs))
        for one in some
    }
