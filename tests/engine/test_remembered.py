"""A pass that knows what the last one knew says, byte by byte, what a pass says that knows nothing (L7)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.engine.manifests import FleetRead, Manifests
from reconciler.engine.reconcile import Planned, plan_fleet, record
from reconciler.engine.remembered import Remembered
from reconciler.manifests.declaring.declare import read_files
from reconciler.model.diagnostics import Where
from reconciler.model.holdings import Held, Receipt
from reconciler.model.instants import Instant, parse_instant
from reconciler.model.looks import Look
from reconciler.model.names import SiteName
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.quantities import Percent
from reconciler.model.settings import Default, Guards, Settings
from reconciler.model.snapshot import Hold
from reconciler.model.source_text import SourceText
from reconciler.parcels.digest_cache import DigestCache
from reconciler.sources.manifest_read import ManifestRead
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author, State
from reconciler.views.plan_json import diagnostic_json, plan_json

from ..manifests.fleets import F, content
from ..properties import tried

ROOM = Guards(changed_packages=replace(Guards().changed_packages, share=Percent(100.0)))
AT = parse_instant("2026-11-24T15:02:00Z")
APART = 4 * 3600
"""Seconds between two passes: windows open and close meanwhile."""

_OBJECTS = F.strip().split("\n---\n")
_PACKAGE, _JOB = _OBJECTS[6], _OBJECTS[7]

EXTRA = """
apiVersion: reconciler/v1
kind: Package
metadata: {name: HQ100002}
spec: {origin: HQ1, source: {type: directory, path: /payload/share}, setups: {sharing: {share: TOOLS}}}
""".strip()

EVERYWHERE = """
apiVersion: reconciler/v1
kind: Job
metadata: {name: everywhere}
spec:
  package: HQ100001
  command: install
  targets: [{matchExpressions: [{key: link, operator: NotIn, values: [isdn]}]}]
""".strip()

SLOTS: dict[str, tuple[str, ...]] = {
    **{f"site-{number}.yaml": (text, f"{text}\n# a comment") for number, text in enumerate(_OBJECTS[:6])},
    "package.yaml": (
        _PACKAGE,
        _PACKAGE.replace("/quiet", "/silent"),
        _PACKAGE.replace("name: install", "name: setup"),
        _PACKAGE.replace("origin: HQ1", "origin: DE1"),
        _PACKAGE.replace("/payload/till", "/manifests"),
    ),
    "extra.yaml": (EXTRA, EXTRA.replace("HQ100002", "hq100001"), EXTRA.replace("HQ1,", "US1,")),
    "job.yaml": (
        _JOB,
        _JOB.replace("names: [DE1]", "names: [FR1]"),
        _JOB.replace("names: [DE1]", "domains: [PLANT]"),
        _JOB.replace("site: EU1", "site: DE1"),
        _JOB.replace("till-de", "till"),
    ),
    "everywhere.yaml": (EVERYWHERE, EVERYWHERE.replace("key: link", "key: lnik"), f"{_JOB}\n---\n{EVERYWHERE}"),
}
"""File → what may stand in it: as it should be, changed, or at odds with another file."""

SITE = "site-2.yaml"
SITES = (
    ("country: de", "country: fr"),
    ("type: secondary", "type: primary"),
    ("parent: EU1", "parent: US1"),
    ("parent: EU1", "parent: FR1"),
    ("/srv/de1", "/srv/fr1"),
    ("PLANT", "OFFICE"),
    ("name: DE1", "name: DE2"),
)
SLOTS[SITE] = (*SLOTS[SITE], *(_OBJECTS[2].replace(*change) for change in SITES))
for _number in (1, 4):
    _file = f"site-{_number}.yaml"
    SLOTS[_file] = (*SLOTS[_file], _OBJECTS[_number].replace("spec: {", "spec: {type: secondary, "))
NOBODY = "site-5.yaml", _OBJECTS[5].replace("parent: US1", "parent: XX1")
"""A site that is left out, as its parent is nowhere."""
TWO_TARGETS = (
    "everywhere.yaml",
    EVERYWHERE.split("  targets:")[0] + "  targets: [{names: [FR1]}, {matchLabels: {country: us}}]",
)
"""A job that means that site, and another."""
NIGHTS = 'windows: [{name: nights, days: [mon, tue, wed, thu, fri], from: "22:00", to: "05:00"}]'
AT_NIGHT = "site-3.yaml", f"{_OBJECTS[3]}\n  {NIGHTS}\n  limits: {{rate: 1Mbit/s}}"
SLOTS["site-3.yaml"] = (*SLOTS["site-3.yaml"], AT_NIGHT[1])
SLOTS["site-5.yaml"] = (*SLOTS["site-5.yaml"], NOBODY[1])
SLOTS["everywhere.yaml"] = (*SLOTS["everywhere.yaml"], TWO_TARGETS[1])

BROKEN = (
    "kind: Site\n  metadata: {",
    "",
    "apiVersion: reconciler/v1\nkind: Site\nmetadata: {name: XX1}\nspec: {adress: 1}",
)

DEFAULTS = (
    (),
    (Default(kind="Site", match=(), spec={"timezone": "Europe/Berlin"}, where=Where("reconciler.yaml", 5, 7)),),
    (Default(kind="Site", match=(), spec={"timezone": "Europe/Berln"}, where=Where("reconciler.yaml", 5, 7)),),
)

PROBLEM = SourceProblem(code="source-missing", message="there is no folder", hint="")


@dataclass(kw_only=True)
class Folder:
    """Manifests, settings and sources that somebody edits, and the state beside them."""

    files: dict[str, str] = field(default_factory=lambda: {file: texts[0] for file, texts in SLOTS.items()})
    defaults: tuple[Default, ...] = ()
    contents: dict[str, Content | SourceProblem] = field(default_factory=dict)
    state: State = field(default_factory=MemoryState)

    def read(self) -> ManifestRead:
        texts = tuple(
            SourceText(file=file, directory="/manifests", data=text.encode())
            for file, text in sorted(self.files.items())
        )
        return ManifestRead(texts=texts, diagnostics=(), look=Look(manifests={}), relative_to="/manifests")

    def content(self, request: SourceRequest) -> Content | SourceProblem:
        return self.contents.get(request.package, content(request.package))

    def fleet(self, remembered: Remembered | None) -> FleetRead:
        manifests = Manifests(
            source=self.read,
            settings=_settings(self.defaults),
            settings_directory="/settings",
            cache=DigestCache(None),
            packed=lambda fleet, _state: fleet,
            remembered=remembered,
        )
        read = self.read()
        return manifests.resolve(read, manifests.declare(read), self.content)


def _settings(defaults: tuple[Default, ...]) -> Settings:
    return Settings(file=None, manifest_paths=("/manifests",), state_url="memory:", credentials={}, defaults=defaults)


Edit = Callable[[Folder], None]


def _write(file: str, text: str) -> Edit:
    return lambda folder: folder.files.__setitem__(file, text)


def _remove(file: str) -> Edit:
    def remove(folder: Folder) -> None:
        folder.files.pop(file, None)

    return remove


def _rename(file: str) -> Edit:
    def rename(folder: Folder) -> None:
        if file in folder.files:
            folder.files[f"a-{file}"] = folder.files.pop(file)

    return rename


def _lay(defaults: tuple[Default, ...]) -> Edit:
    return lambda folder: setattr(folder, "defaults", defaults)


def _fill(package: str, found: Content | SourceProblem) -> Edit:
    return lambda folder: folder.contents.__setitem__(package, found)


BY = Author(actor="anna", at=AT)


def _hold(folder: Folder) -> None:
    hold = Hold(site=SiteName("DE1"), package=None, actor="anna", reason="stocktaking", since=AT)
    folder.state.hold(replace(hold, until=Instant(AT + 2 * APART)), BY)


def _release(folder: Folder) -> None:
    folder.state.release(SiteName("DE1"), None, BY)


def _arrive(folder: Folder) -> None:
    for send in folder.state.sends()[:1]:
        held = Held(content=send.revision.content, setup=send.revision.setup, parts=frozenset(), version="1")
        receipt = Receipt(
            package=send.package,
            site=send.site,
            number=send.number,
            held=held,
            verified_at=AT,
            verifier="anna",
            proof="look",
        )
        folder.state.receive(receipt, BY)


def _cancel(folder: Folder) -> None:
    for send in folder.state.sends()[-1:]:
        folder.state.cancel(send.package, send.site, "not now", BY)


def edits() -> st.SearchStrategy[Edit]:
    files = st.sampled_from(sorted(SLOTS))
    written = files.flatmap(lambda file: st.sampled_from((*SLOTS[file], *BROKEN)).map(lambda text: _write(file, text)))
    mended = files.map(lambda file: _write(file, SLOTS[file][0]))
    packages = st.sampled_from(("HQ100001", "HQ100002", "hq100001"))
    held: st.SearchStrategy[Content | SourceProblem] = st.sampled_from(
        (content("one"), content("two"), replace(content("one"), real_path="/srv/de1/x"), PROBLEM)
    )
    return st.one_of(
        written,
        written,
        mended,
        files.map(_remove),
        files.map(_rename),
        st.sampled_from(DEFAULTS).map(_lay),
        st.tuples(packages, held).map(lambda one: _fill(*one)),
        st.sampled_from((_hold, _release, _arrive, _cancel)),
    )


def told(planned: Planned) -> str:
    """Everything of a pass, as one text."""
    diagnostics = [diagnostic_json(one) for one in planned.read.diagnostics]
    return json.dumps([plan_json(planned.plan, show_all=True), diagnostics])


def planned(read: FleetRead, state: State, at: Instant = AT) -> Planned:
    return plan_fleet(read, state, guards=ROOM, at=at, include_ready=True)


def compare(passes: Sequence[Sequence[Edit]]) -> None:
    """Pass after pass, one that knows the last one beside one that knows nothing; what is planned is recorded."""
    folder, remembered = Folder(), Remembered()
    state = folder.state
    for number, made in enumerate([[], *passes]):
        at = Instant(AT + number * APART)
        for edit in made:
            edit(folder)
        warm, cold = folder.fleet(remembered), folder.fleet(None)
        assert warm.fleet == cold.fleet
        plan = planned(warm, state, at)
        assert told(plan) == told(planned(cold, state, at))
        if not plan.plan.refused:
            record(plan, state, Author(actor="anna", at=at))


@settings(tried(30), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(edits(), max_size=3), min_size=1, max_size=6))
def test_L7_a_pass_that_knows_the_last_one_plans_what_one_that_knows_nothing_plans(passes: list[list[Edit]]) -> None:
    compare(passes)


@pytest.mark.parametrize(
    "passes",
    [
        pytest.param([[_write(*NOBODY), _write(*TWO_TARGETS)], [], [_remove(NOBODY[0])]], id="a left out site goes"),
        pytest.param(
            [[_write("extra.yaml", SLOTS["extra.yaml"][2])], [_write("site-4.yaml", SLOTS["site-4.yaml"][2])]],
            id="an origin becomes secondary",
        ),
        pytest.param([[_write("everywhere.yaml", SLOTS["everywhere.yaml"][1])], [], []], id="a warning stays"),
        pytest.param(
            [[_write(SITE, SLOTS[SITE][5])], [_write(SITE, SLOTS[SITE][0])]], id="a site moves and comes back"
        ),
        pytest.param([[_write(*AT_NIGHT)], [], [], []], id="a window opens and closes"),
        pytest.param([[], [_hold], [], [], []], id="a hold that ends"),
        pytest.param([[_hold], [_release], [_arrive], [_cancel], []], id="the state moves"),
    ],
)
def test_L7_what_is_wrong_is_told_each_time(passes: list[list[Edit]]) -> None:
    compare(passes)


def test_nothing_is_wrong_in_the_folder_before_it_is_edited() -> None:
    read = Folder().fleet(None)
    assert read.diagnostics == ()
    assert (len(read.fleet.sites), len(read.fleet.packages), len(read.fleet.jobs)) == (6, 2, 2)


def test_a_file_that_is_as_it_was_is_not_read_again() -> None:
    texts = Folder().read().texts
    first = read_files(texts, defaults=(), settings_directory="/settings")
    changed = tuple(replace(one, data=one.data + b"\n") if one.file == SITE else one for one in Folder().read().texts)
    again = read_files(changed, defaults=(), settings_directory="/settings", before=first)
    kept = [one[0].file for one, other in zip(first.files, again.files, strict=True) if one[1] is other[1]]
    assert kept == [text.file for text in texts if text.file != SITE]


def test_an_object_that_is_as_it_was_is_not_made_again() -> None:
    folder, remembered = Folder(), Remembered()
    before = folder.fleet(remembered).fleet
    folder.files["package.yaml"] = SLOTS["package.yaml"][1]
    after = folder.fleet(remembered).fleet
    assert all(one is other for one, other in zip(before.sites, after.sites, strict=True))
    assert [one.name for one, other in zip(before.packages, after.packages, strict=True) if one is not other] == [
        "HQ100001"
    ]


def test_what_is_gone_is_forgotten() -> None:
    folder, remembered = Folder(), Remembered()
    folder.fleet(remembered)
    for file in ("extra.yaml", "everywhere.yaml", SITE):
        del folder.files[file]
    folder.fleet(remembered)
    assert remembered.files is not None
    assert [text.file for text, _ in remembered.files.files] == sorted(folder.files)
    assert sorted(remembered.objects.packages) == ["HQ100001"]
    assert "DE1" not in remembered.objects.sites
