"""From declarations to the fleet: values, identity, names, and what is left out."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from reconciler.manifests.documents import Declaration, Declared
from reconciler.manifests.resolving.fleet import Resolved, resolve, sources_of
from reconciler.model.diagnostics import Where
from reconciler.model.instants import Instant, Seconds
from reconciler.model.jobs import Job, JobType, Phase, Target
from reconciler.model.names import Digest, JobName, PackageName, SiteName
from reconciler.model.packages import SetupPart, Source, SourceProblem, SourceRequest
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Address, Filesystem, Limits, Site, SiteType, Verification, Weekday, Window
from tests.manifests.fleets import F, content, declaration, declared, obj, resolved

WORKING_DAYS = frozenset((Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI))


def test_every_field_of_a_site_arrives() -> None:
    text = """
        kind: Site
        metadata:
          name: DE1
          labels: {region: emea, country: de, link: dsl}
        spec:
          title: Berlin warehouse
          type: secondary
          parent: EU1
          timezone: Europe/Berlin
          address: {type: directory, path: /srv/sites/../sites/DE1/, requireMount: true}
          route: direct
          limits: {rate: 20Mbit/s, maxConcurrent: 3, reserveFree: 2GiB}
          windows:
            - {name: nights, days: [mon, tue, wed, thu, fri], from: "22:00", to: "05:00"}
            - {name: day, days: [mon, tue, wed, thu, fri], from: "05:00", to: "22:00", allow: high, rate: 1Mbit/s}
            - {days: [sun], from: "06:30", to: "24:00"}
          filesystem: {maxPath: 260, caseSensitive: false}
          verify: {every: 2d, deep: true}
          keep: 0
          domains:
            PLANT: [PC01, PC02]
            OFFICE: PC07
    """
    fleet = resolved(declared(F, text)).fleet
    assert fleet.site(SiteName("DE1")) == Site(
        name=SiteName("DE1"),
        type=SiteType.SECONDARY,
        parent=SiteName("EU1"),
        where=Where("given.yaml", 4, 9),
        title="Berlin warehouse",
        labels={"region": "emea", "country": "de", "link": "dsl"},
        timezone="Europe/Berlin",
        address=Address(type="directory", path="/srv/sites/DE1", require_mount=True),
        limits=Limits(rate=BitsPerSecond(20_000_000), max_concurrent=3, reserve_free=Bytes(2 * 2**30)),
        windows=(
            Window(name="nights", days=WORKING_DAYS, starts=22 * 60, ends=5 * 60),
            Window(
                name="day",
                days=WORKING_DAYS,
                starts=5 * 60,
                ends=22 * 60,
                allow=Priority.HIGH,
                rate=BitsPerSecond(1_000_000),
            ),
            Window(name="", days=frozenset((Weekday.SUN,)), starts=390, ends=1440),
        ),
        filesystem=Filesystem(max_path=260, case_sensitive=False),
        verification=Verification(every=Seconds(2 * 86400), deep=True),
        keep=0,
        domains={"OFFICE": ("PC07",), "PLANT": ("PC01", "PC02")},
    )


def test_what_a_site_omits_has_its_default() -> None:
    fleet = resolved(declared("{kind: Site, metadata: {name: HQ1}, spec: {}}")).fleet
    assert fleet.sites == (
        Site(
            name=SiteName("HQ1"),
            type=SiteType.PRIMARY,
            parent=None,
            where=Where("given.yaml", 1, 31),
            labels={},
            domains={},
        ),
    )


def test_every_field_of_a_package_arrives() -> None:
    digest = "sha256:" + "0" * 64
    text = f"""
        kind: Package
        metadata: {{name: till-4, labels: {{team: retail}}}}
        spec:
          title: Till software
          version: "4.20"
          origin: HQ1
          source:
            type: directory
            path: /payload/till
            digest: {digest}
            exclude: ["**/*.pdb"]
          keep: 5
          setups:
            sharing: {{share: TILL}}
          priority: high
    """
    read = content("till-4", digest=Digest(digest))
    package = resolved(declared(F, text), {"till-4": read}).fleet.packages_by_name[PackageName("till-4")]
    assert package.source == Source(
        path="/payload/till",
        exclude=("**/*.pdb",),
        pin=Digest(digest),
        where=Where("given.yaml", 10, 11),
    )
    assert (package.title, package.version, package.origin) == ("Till software", "4.20", "HQ1")
    assert (package.keep, package.priority, package.labels) == (5, Priority.HIGH, {"team": "retail"})
    assert package.where == Where("given.yaml", 3, 18)
    assert package.content == read
    assert package.parts == {SetupPart.SHARING}
    assert package.setup_size == len(json.dumps(package.setups, separators=(",", ":")))


def test_every_field_of_a_job_arrives() -> None:
    text = """
        kind: Job
        metadata: {name: j, labels: {change: CHG0042317}}
        spec:
          package: HQ100001
          command: install
          site: EU1
          targets:
            - names: [EU1]
            - {domains: [OFFICE]}
          phases: [run, send]
          priority: high
          readyBy: "2026-12-02T05:00:00+01:00"
          suspend: true
    """
    fleet = resolved(declared(F, text)).fleet
    assert fleet.names(SiteSet.of((1, 2))) == ("EU1", "FR1")
    assert fleet.jobs_by_name[JobName("j")] == Job(
        name=JobName("j"),
        type=JobType.RUN,
        package=PackageName("HQ100001"),
        command="install",
        site=SiteName("EU1"),
        targets=(
            Target(sites=SiteSet.of((1,)), where=Where("given.yaml", 9, 7)),
            Target(sites=SiteSet.of((2,)), where=Where("given.yaml", 10, 7)),
        ),
        required=SiteSet.of((1, 2)),
        needs=frozenset((SetupPart.WORKSTATION,)),
        phases=frozenset((Phase.SEND, Phase.RUN)),
        priority=Priority.HIGH,
        ready_by=Instant(1796184000),
        suspended=True,
        where=Where("given.yaml", 3, 18),
        labels={"change": "CHG0042317"},
    )


@pytest.mark.parametrize(
    ("spec", "needs", "phases"),
    [
        ("command: install", {"workstation"}, {"send", "distribute", "run"}),
        ("phases: [send]", set(), {"send"}),
        ("phases: [send, distribute]", set(), {"send", "distribute"}),
        ("phases: [send], domains: true", {"workstation"}, {"send"}),
        ("type: share-package-on-server", {"sharing"}, {"send", "distribute"}),
    ],
)
def test_what_a_job_needs_of_the_setup_follows_from_what_it_does(spec: str, needs: set[str], phases: set[str]) -> None:
    target = "{domains: PLANT}" if "domains: true" in spec else "{names: DE1}"
    spec = spec.replace(", domains: true", "")
    text = f"""
        kind: Package
        metadata: {{name: all}}
        spec:
          origin: HQ1
          source: {{type: directory, path: /a}}
          priority: low
          setups: {{sharing: {{share: A}}, workstation: {{commands: [{{name: install, run: a}}]}}}}
        ---
        kind: Job
        metadata: {{name: j}}
        spec: {{package: all, targets: [{target}], {spec}}}
    """
    job = resolved(declared(F, text)).fleet.jobs_by_name[JobName("j")]
    assert {part.value for part in job.needs} == needs
    assert {phase.value for phase in job.phases} == phases
    assert job.priority is Priority.LOW


def test_sources_are_asked_for_by_package_and_not_where_a_name_is_declared_twice() -> None:
    sources = {
        "b": {"path": "/b", "exclude": ["*.o"]},
        "a": {"path": "/a", "digest": "sha256:1"},
        "c": {"path": "/c1"},
        "C": {"path": "/c2"},
    }
    packages = tuple(declaration(obj("Package", name, source=source)) for name, source in sources.items())
    assert sources_of(Declared(declarations=packages, diagnostics=())) == (
        SourceRequest(package=PackageName("a"), path="/a", pin=Digest("sha256:1")),
        SourceRequest(package=PackageName("b"), path="/b", exclude=("*.o",)),
    )


MISTAKES = """
    {kind: Site, metadata: {name: XX1}, spec: {parent: XX2}}
    ---
    {kind: Site, metadata: {name: XX2}, spec: {parent: XX1}}
    ---
    {kind: Site, metadata: {name: XX3}, spec: {parent: EUI, timezone: X}}
    ---
    {kind: Site, metadata: {name: ny1}, spec: {parent: US1}}
    ---
    {kind: Site, metadata: {name: XX4}, spec: {parent: US1, address: {type: directory, path: /srv/us1}}}
    ---
    {kind: Site, metadata: {name: XX5}, spec: {parent: US1, address: {type: directory, path: /srv/xx5/a}}}
    ---
    {kind: Site, metadata: {name: XX6}, spec: {parent: XX5, address: {type: directory, path: /srv/xx5}}}
    ---
    {kind: Site, metadata: {name: XX7}, spec: {}}
    ---
    kind: Package
    metadata: {name: p}
    spec: {origin: XX3, source: {type: directory, path: /srv}, setups: {sharing: {share: X}}}
    ---
    {kind: Job, metadata: {name: j1}, spec: {package: p, targets: [{matchLabels: {region: apac}}, {names: [NY1, EU1]}]}}
    ---
    {kind: Job, metadata: {name: j2}, spec: {package: p, site: EU1, targets: [{matchLabels: {region: amer}}]}}
    ---
    {kind: Job, metadata: {name: j3}, spec: {package: q, targets: [{names: [ZZ, NY1, EU9]}]}}
"""


@pytest.mark.parametrize("broken", [(), ("a.yaml", "b.yaml")], ids=["whole", "broken"])
@pytest.mark.parametrize("seed", range(10))
def test_L2_the_order_of_declarations_and_keys_changes_neither_fleet_nor_diagnostics(
    seed: int, broken: tuple[str, ...]
) -> None:
    given = declared(F, MISTAKES, broken=broken)
    expected = resolved(given)
    assert len(expected.diagnostics) > 8
    order = Random(seed)
    mixed = list(given.declarations)
    order.shuffle(mixed)
    mixed = [replace(one, spec=reordered(one.spec, order)) for one in mixed]
    assert resolved(replace(given, declarations=tuple(mixed))) == expected


def reordered(value: Any, order: Random) -> Any:
    """The same mapping with its keys in another order; lists as they are."""
    if isinstance(value, dict):
        keys = order.sample(sorted(value), len(value))
        return {key: reordered(value[key], order) for key in keys}
    return [reordered(item, order) for item in value] if isinstance(value, list) else value


def digest_of(*texts: str, contents: Mapping[str, Any] | None = None, file: str = "") -> str:
    given = declared(*texts)
    if file:
        moved = (replace(one, document=replace(one.document, file=file)) for one in given.declarations)
        given = replace(given, declarations=tuple(moved))
    return resolved(given, contents).fleet.digest


def test_L2_the_digest_of_a_fleet_does_not_depend_on_files_comments_annotations_or_where_a_source_lies() -> None:
    plain = digest_of(F)
    assert plain.startswith("sha256:")
    assert len(plain) == 71
    assert digest_of(F, file="renamed.yaml") == plain
    assert digest_of("# a comment\n" + F.replace("HQ1}\n", "HQ1}   # another\n")) == plain
    assert digest_of(F.replace("{name: till-de}", "{name: till-de, annotations: {a: b}}")) == plain
    assert digest_of(F.replace("/payload/till", "/payload/elsewhere")) == plain


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("region: hq", "region: HQ"),
        ("name: FR1", "name: FR2"),
        ("/srv/de1", "/srv/de2"),
        ("setup.exe /quiet", "setup.exe /q"),
        ("[{names: [DE1]}]", "[{names: [DE1, FR1]}]"),
        ("command: install\n", "command: install\n  priority: high\n"),
    ],
)
def test_the_digest_of_a_fleet_changes_with_what_it_means(before: str, after: str) -> None:
    assert before in F
    assert digest_of(F.replace(before, after)) != digest_of(F)


def test_the_digest_of_a_fleet_changes_with_the_content_of_a_package() -> None:
    changed = {"HQ100001": content("another")}
    elsewhere = {"HQ100001": content("HQ100001", readable=False)}
    assert len({digest_of(F), digest_of(F, contents=changed), digest_of(F, contents=elsewhere)}) == 3


@pytest.mark.parametrize("seed", range(20))
def test_L30_names_that_are_equal_without_regard_to_case_never_reach_the_fleet(seed: int) -> None:
    order = Random(seed)
    names = ["".join(order.choice("aAbB") for _ in range(2)) for _ in range(5)]
    sites = [obj("Site", "HQ1"), *(obj("Site", name, parent="HQ1") for name in names)]
    fleet = resolved(Declared(declarations=tuple(map(declaration, sites)), diagnostics=())).fleet
    folded = [name.lower() for name in names]
    assert {str(site.name) for site in fleet.sites} == {"HQ1", *(n for n in names if folded.count(n.lower()) == 1)}


@pytest.mark.parametrize("seed", range(20))
def test_L23_sites_reach_the_fleet_only_if_their_stores_lie_apart(seed: int) -> None:
    order = Random(seed)
    paths = [
        "/" + "/".join(order.choice(["a", "b", ".", "a/.."]) for _ in range(order.randint(1, 4))) for _ in range(5)
    ]
    sites = [obj("Site", "HQ1")]
    for number, path in enumerate(paths):
        sites.append(obj("Site", f"S{number}", parent="HQ1", address={"type": "directory", "path": path}))
    fleet = resolved(Declared(declarations=tuple(map(declaration, sites)), diagnostics=())).fleet

    def parts(path: str) -> list[str]:
        found: list[str] = []
        for part in path.split("/"):
            found = found[:-1] if part == ".." else [*found, part] if part not in ("", ".") else found
        return found

    def apart(one: str, other: str) -> bool:
        shorter, longer = sorted((parts(one), parts(other)), key=len)
        return longer[: len(shorter)] != shorter

    alone = {
        f"S{number}"
        for number, path in enumerate(paths)
        if all(apart(path, other) for index, other in enumerate(paths) if index != number)
    }
    assert {str(site.name) for site in fleet.sites} == {"HQ1", *alone}


class Spoilage:
    """Which objects must be left out, found by going round until nothing more is added; shares no code."""

    def __init__(self, objects: Iterable[Mapping[str, Any]], faulty: set[str]) -> None:
        refers: dict[str, set[str]] = {}
        for one in objects:
            spec = one["spec"]
            names = {f"Site/{spec[key]}" for key in ("parent", "origin", "site") if key in spec}
            names |= {f"Package/{spec['package']}"} if "package" in spec else set()
            names |= {f"Site/{name}" for entry in spec.get("targets", []) for name in entry.get("names", [])}
            refers[f"{one['kind']}/{one['metadata']['name']}"] = names
        self.left_out = set(faulty)
        while more := {one for one, names in refers.items() if names & self.left_out} - self.left_out:
            self.left_out |= more


@pytest.mark.parametrize("seed", range(30))
def test_L35_exactly_what_is_faulty_and_what_refers_to_it_is_left_out_and_said_once(seed: int) -> None:
    order = Random(seed)
    objects = [obj("Site", "S0")]
    objects += [obj("Site", f"S{n}", parent=f"S{order.randrange(n)}") for n in range(1, 12)]
    for number in range(6):
        source = {"type": "directory", "path": f"/payload/{number}"}
        origin = f"S{order.randrange(4)}"
        objects.append(obj("Package", f"P{number}", origin=origin, source=source, setups={"sharing": {"share": "X"}}))
    origins = {one["metadata"]["name"]: one["spec"]["origin"] for one in objects if one["kind"] == "Package"}
    for number in range(12):
        package = order.choice(sorted(origins))
        job = {"package": package, "phases": ["send"], "targets": [{"names": [origins[package]]}]}
        objects.append(obj("Job", f"J{number:02}", **job))
    faulty = {f"{one['kind']}/{one['metadata']['name']}" for one in order.sample(objects[1:], 3)}

    result = resolved_with_faults(objects, faulty)

    reached = {f"Site/{one.name}" for one in result.fleet.sites}
    reached |= {f"Package/{one.name}" for one in result.fleet.packages}
    reached |= {f"Job/{one.name}" for one in result.fleet.jobs}
    left_out = Spoilage(objects, faulty).left_out
    assert reached == {f"{one['kind']}/{one['metadata']['name']}" for one in objects} - left_out
    assert not result.fleet.whole
    assert len(result.diagnostics) == len(faulty)
    said = [one.hint.split("left out with it: ")[1] for one in result.diagnostics if "left out with it: " in one.hint]
    counts = [int(part.split()[0]) for one in said for part in one.split(", ") if " (" in part]
    assert sum(counts) == len(left_out) - len(faulty)


def resolved_with_faults(objects: Iterable[Mapping[str, Any]], faulty: set[str]) -> Resolved:
    """A site fails by its time zone, a package by its source, a job by its moment."""
    declarations: list[Declaration] = []
    contents: dict[str, SourceProblem] = {}
    for one in objects:
        name = one["metadata"]["name"]
        fault = f"{one['kind']}/{name}" in faulty
        change = {"Site": {"timezone": "X"}, "Job": {"readyBy": "x"}}.get(one["kind"], {}) if fault else {}
        declarations.append(declaration({**one, "spec": {**one["spec"], **change}}))
        if fault and one["kind"] == "Package":
            contents[name] = SourceProblem(code="source-missing", message=name)
    return resolved(Declared(declarations=tuple(declarations), diagnostics=()), contents)


def test_a_package_whose_source_nobody_read_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError, match="HQ100001"):
        resolve(declared(F), {})


def test_no_manifests_at_all_are_an_empty_fleet() -> None:
    fleet = resolve(Declared(declarations=(), diagnostics=(), empty=True), {}).fleet
    assert (fleet.sites, fleet.packages, fleet.jobs, fleet.whole, fleet.empty) == ((), (), (), True, True)


def test_a_thousand_packages_sites_and_jobs_take_less_than_a_second() -> None:
    address = {"type": "directory", "path": ""}
    objects = [obj("Site", "HQ")]
    for n in range(999):
        labels = {"region": f"r{n % 7}", "id": str(n)}
        parent = "HQ" if n < 10 else f"S{n % 10:04}"
        objects.append(obj("Site", f"S{n:04}", labels, parent=parent, address=address | {"path": f"/srv/{n}"}))
    setups = {"workstation": {"commands": [{"name": "install", "run": "x"}]}}
    for n in range(1000):
        source = {"type": "directory", "path": f"/payload/{n}"}
        objects.append(obj("Package", f"P{n:04}", origin="HQ", source=source, setups=setups))
        targets = [{"matchLabels": {"region": f"r{n % 7}"}}, {"under": f"S{n % 10:04}"}]
        objects.append(obj("Job", f"J{n:04}", package=f"P{n:04}", command="install", targets=targets))
    given = Declared(declarations=tuple(map(declaration, objects)), diagnostics=())

    begin = time.process_time()
    result = resolved(given)
    assert time.process_time() - begin < 1
    assert result.diagnostics == ()
    assert sum(len(job.required) for job in result.fleet.jobs) > 200_000
