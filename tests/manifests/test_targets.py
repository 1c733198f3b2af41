"""Targets against an oracle that looks at every site for every condition and shares no code (L5, L9, L10, L11)."""

import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from reconciler.manifests.documents import Declared
from reconciler.manifests.resolving.fleet import Resolved
from tests.manifests.fleets import at, codes, declaration, declared, obj, resolved

KEYS, VALUES, DOMAINS, MACHINES = ["k1", "k2"], ["a", "b"], ["D1", "D2"], ["M1", "M2"]
Objects = list[dict[str, Any]]
SEEDS = pytest.mark.parametrize("seed", range(20))


def random_sites(random: Random) -> Objects:
    """A tree of up to 12 primary sites, S0 being the central one."""
    sites = [obj("Site", "S0")]
    for number in range(1, random.randint(1, 12)):
        labels = {key: random.choice(VALUES) for key in KEYS if random.random() < 0.7}
        domains = {domain: some(random, MACHINES) for domain in DOMAINS if random.random() < 0.5}
        sites.append(obj("Site", f"S{number}", labels, parent=f"S{random.randrange(number)}", domains=domains))
    return sites


def random_entry(random: Random, names: Sequence[str]) -> dict[str, Any]:
    """An entry of `targets` or `except` with one or two conditions."""
    choices: dict[str, Any] = {
        "names": random.choice([some(random, names), random.choice(names)]),
        "under": random.choice([some(random, names), random.choice(names)]),
        "matchLabels": {random.choice(KEYS): random.choice(VALUES)},
        "matchExpressions": [random_expression(random) for _ in range(random.randint(1, 2))],
        "domains": random.choice([some(random, DOMAINS), random.choice(DOMAINS)]),
        "machines": [f"{random.choice(DOMAINS)}/{random.choice(MACHINES)}"],
    }
    return {key: choices[key] for key in random.sample(sorted(choices), random.randint(1, 2))}


def random_expression(random: Random) -> dict[str, Any]:
    operator = random.choice(["In", "NotIn", "Exists", "DoesNotExist"])
    values = {"values": some(random, VALUES)} if operator in ("In", "NotIn") else {}
    return {"key": random.choice(KEYS), "operator": operator} | values


def some(random: Random, names: Sequence[str]) -> list[str]:
    return random.sample(names, random.randint(1, min(2, len(names))))


def random_fleet(seed: int) -> tuple[Objects, Objects]:
    """Sites, and forty jobs for a package of S0."""
    random = Random(seed)
    sites = random_sites(random)
    names = [site["metadata"]["name"] for site in sites]
    jobs = []
    for number in range(40):
        top = random.choice(["S0", "S0", *names])
        beneath = [name for name in names if top in Oracle(sites).ancestors(name)]
        near = random.choice([beneath, beneath, names])
        targets = [random_entry(random, near) for _ in range(random.randint(1, 2))]
        exceptions = [random_entry(random, names) for _ in range(random.randint(0, 1))]
        spec = {"package": "P", "phases": ["send"], "site": top, "targets": targets, "except": exceptions}
        jobs.append(obj("Job", f"J{number:02}", **spec))
    return sites, jobs


class Oracle:
    """What a job selects, found by asking each site each question."""

    def __init__(self, sites: Objects) -> None:
        self.sites = {site["metadata"]["name"]: site for site in sites}

    def ancestors(self, name: str) -> list[str]:
        chain = [name]
        while "parent" in self.sites[chain[-1]]["spec"]:
            chain.append(self.sites[chain[-1]]["spec"]["parent"])
        return chain

    def machines(self, name: str) -> set[str]:
        domains = self.sites[name]["spec"].get("domains", {})
        return {f"{domain}/{machine}" for domain, inside in domains.items() for machine in inside}

    def meets(self, name: str, entry: Mapping[str, Any]) -> bool:
        labels = self.sites[name]["metadata"].get("labels", {})
        domains = self.sites[name]["spec"].get("domains", {})
        return (
            ("names" not in entry or name in listed(entry["names"]))
            and ("under" not in entry or bool(set(self.ancestors(name)) & set(listed(entry["under"]))))
            and all(labels.get(key) == value for key, value in entry.get("matchLabels", {}).items())
            and all(holds(labels, one) for one in entry.get("matchExpressions", ()))
            and ("domains" not in entry or bool(set(domains) & set(listed(entry["domains"]))))
            and ("machines" not in entry or bool(self.machines(name) & set(listed(entry["machines"]))))
        )

    def knows(self, entry: Mapping[str, Any]) -> bool:
        domains = {domain for site in self.sites.values() for domain in site["spec"].get("domains", {})}
        machines = {machine for name in self.sites for machine in self.machines(name)}
        return set(listed(entry.get("domains", []))) <= domains and set(listed(entry.get("machines", []))) <= machines

    def targets(self, job: Mapping[str, Any]) -> list[list[str]] | None:
        """The sites of each target; None if the job is in error."""
        for entry in job["targets"]:
            named = [*listed(entry.get("names", [])), *listed(entry.get("under", []))]
            if any(job["site"] not in self.ancestors(name) for name in named):
                return None
        if not all(self.knows(entry) for entry in (*job["targets"], *job["except"])):
            return None
        found = [
            sorted(
                name
                for name in self.sites
                if job["site"] in self.ancestors(name)
                and self.meets(name, entry)
                and not any(self.meets(name, exception) for exception in job["except"])
            )
            for entry in job["targets"]
        ]
        return found if all(found) else None


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def holds(labels: Mapping[str, str], expression: Mapping[str, Any]) -> bool:
    value = labels.get(expression["key"])
    return {
        "In": value is not None and value in expression.get("values", []),
        "NotIn": value is None or value not in expression.get("values", []),
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[expression["operator"]]


def resolved_with(sites: Objects, jobs: Objects) -> Resolved:
    source = {"type": "directory", "path": "/payload"}
    setups = {"workstation": {"commands": [{"name": "install", "run": "x"}]}}
    objects = [*sites, obj("Package", "P", origin="S0", source=source, setups=setups), *jobs]
    return resolved(Declared(declarations=tuple(map(declaration, objects)), diagnostics=()))


@SEEDS
def test_targets_are_what_a_look_at_every_site_finds(seed: int) -> None:
    sites, jobs = random_fleet(seed)
    oracle = Oracle(sites)
    fleet = resolved_with(sites, jobs).fleet

    expected = {job["metadata"]["name"]: oracle.targets(job["spec"]) for job in jobs}
    found = {str(job.name): [list(fleet.names(target.sites)) for target in job.targets] for job in fleet.jobs}
    assert found == {name: targets for name, targets in expected.items() if targets is not None}


@SEEDS
def test_L5_targets_and_the_site_of_the_job_are_required_but_not_the_origin(seed: int) -> None:
    sites, jobs = random_fleet(seed)
    fleet = resolved_with(sites, jobs).fleet
    for job in fleet.jobs:
        targets = {name for target in job.targets for name in fleet.names(target.sites)}
        assert set(fleet.names(job.required)) == (targets | {job.site}) - {"S0"}


@SEEDS
def test_L9_names_reach_no_child_and_under_reaches_the_whole_subtree(seed: int) -> None:
    sites = random_sites(Random(seed))
    oracle = Oracle(sites)
    jobs = [
        obj("Job", f"J-{name}", package="P", phases=["send"], targets=[{"names": name}, {"under": name}])
        for name in oracle.sites
    ]
    fleet = resolved_with(sites, jobs).fleet
    assert len(fleet.jobs) == len(sites)
    for job in fleet.jobs:
        name = job.name.removeprefix("J-")
        by_name, by_subtree = (list(fleet.names(target.sites)) for target in job.targets)
        assert by_name == [name]
        assert by_subtree == sorted(other for other in oracle.sites if name in oracle.ancestors(other))


@SEEDS
def test_L10_a_job_is_in_error_or_each_of_its_targets_has_a_site(seed: int) -> None:
    sites, jobs = random_fleet(seed)
    result = resolved_with(sites, jobs)
    assert any(one.is_error for one in result.diagnostics) == (len(result.fleet.jobs) < len(jobs))
    for job in result.fleet.jobs:
        assert all(target.sites for target in job.targets)


@SEEDS
def test_L11_nothing_outside_the_site_of_the_job_is_ever_required(seed: int) -> None:
    sites, jobs = random_fleet(seed)
    fleet = resolved_with(sites, jobs).fleet
    oracle = Oracle(sites)
    for job in fleet.jobs:
        assert all(job.site in oracle.ancestors(name) for name in fleet.names(job.required))


def test_each_target_knows_where_it_stands_also_among_many() -> None:
    lines = "\n".join(f"    - {{names: [S{number}]}}" for number in range(20))
    sites = "\n---\n".join(
        f"{{kind: Site, metadata: {{name: S{number}}}, spec: {{{'parent: S0' if number else ''}}}}}"
        for number in range(20)
    )
    package = (
        "{kind: Package, metadata: {name: P}, spec: {origin: S0, source: {type: directory, path: /a}, "
        "setups: {sharing: {share: X}}}}"
    )
    head = "kind: Job\nmetadata: {name: J}\nspec:\n  package: P\n  phases: [send]\n  targets:\n"
    for count in (20, 3):
        job = head + "\n".join(lines.splitlines()[:count])
        fleet = resolved(declared(sites, package, job)).fleet
        assert [at(target.where) for target in fleet.jobs[0].targets] == [
            f"given-3.yaml:{7 + number}:7" for number in range(count)
        ]


def test_a_job_with_ten_thousand_unknown_sites_is_reported_in_time() -> None:
    names = [f"X{number}" for number in range(10_000)]
    jobs = [
        obj("Job", "J", package="P", phases=["send"], targets=[{"names": names}]),
        obj("Job", "K", package="P", phases=["send"], targets=[{"names": name} for name in names]),
    ]
    begin = time.process_time()
    result = resolved_with([obj("Site", "S0")], jobs)
    assert time.process_time() - begin < 5
    assert codes(result) == ["unknown-site"] * 20_000
