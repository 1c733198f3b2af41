"""Who needs a pair, and what the jobs that do have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.diagnostics import Where
from reconciler.model.jobs import Job
from reconciler.model.names import JobName
from reconciler.model.packages import SetupPart
from reconciler.model.priority import Priority
from reconciler.model.site_sets import SiteSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The jobs that need a pair, by name. Pairs that the same jobs need share one value.

    `priority` is the highest among them (L6), `parts` what any of them needs of the setup, once for looking up and
    once in order. `suspended`: every one is.
    """

    jobs: tuple[Job, ...]
    names: tuple[JobName, ...]
    priority: Priority
    parts: frozenset[SetupPart]
    parts_in_order: tuple[SetupPart, ...]
    suspended: bool


def needs(jobs: Sequence[Job], sites: SiteSet) -> Mapping[int, tuple[Need, Where]]:
    """For each of these sites that a job needs: who does, and where it is said.

    The place is the first job's target entry that selects the site, else that of the job itself. Works on sets, as one
    look per job and site would be quadratic in a fleet with one job per pair.
    """
    positions: dict[int, list[int]] = {}
    for position, job in enumerate(jobs):
        for site in job.required & sites:
            positions.setdefault(site, []).append(position)
    shared: dict[tuple[int, ...], Need] = {}
    by_first: dict[int, list[int]] = {}
    found: dict[int, Need] = {}
    for site, those in positions.items():
        key = tuple(those)
        if key not in shared:
            shared[key] = _need([jobs[position] for position in key])
        found[site] = shared[key]
        by_first.setdefault(key[0], []).append(site)
    places: dict[int, Where] = {}
    for first, its_sites in by_first.items():
        places.update(_places(jobs[first], its_sites))
    return {site: (need, places[site]) for site, need in found.items()}


def _need(jobs: Sequence[Job]) -> Need:
    parts = frozenset[SetupPart]().union(*(job.needs for job in jobs))
    return Need(
        jobs=tuple(jobs),
        names=tuple(job.name for job in jobs),
        priority=max(job.priority for job in jobs),
        parts=parts,
        parts_in_order=tuple(sorted(parts, key=lambda part: part.value)),
        suspended=all(job.suspended for job in jobs),
    )


def _places(job: Job, sites: Iterable[int]) -> Mapping[int, Where]:
    places = dict.fromkeys(sites, job.where)
    left = SiteSet.of(places)
    for target in job.targets:
        for site in target.sites & left:
            places[site] = target.where
        left -= target.sites
    return places
