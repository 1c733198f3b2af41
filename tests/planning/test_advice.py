"""Warnings of `validate` about sites that nothing can be sent to (L12; FM56)."""

from reconciler.model.diagnostics import Severity
from reconciler.model.priority import Priority
from reconciler.model.sites import Weekday, Window
from reconciler.planning.advice import advise

from .builders import WantedJob, World, package, site

DAY = Window(name="day", days=frozenset(Weekday), starts=300, ends=1320, allow=Priority.HIGH)
NIGHT = Window(name="night", days=frozenset(Weekday), starts=1320, ends=300)


def world(*shops: object) -> World:
    made = World().add(site("HQ1"), *shops, package("P"))
    return made.add(WantedJob("p", "P", ("all",)))


def told(made: World) -> list[tuple[str, str]]:
    return [(diagnostic.code, diagnostic.message) for diagnostic in advise(made.fleet())]


def test_a_sound_fleet_needs_no_advice() -> None:
    assert told(world(site("S1", "HQ1", windows=(DAY, NIGHT)))) == []


def test_L12_one_warning_for_each_required_site_without_an_address_names_the_jobs() -> None:
    made = world(site("S1", "HQ1", address=False)).add(WantedJob("more", "P", ("S1",)))
    made.add(site("S2", "HQ1", address=False), site("S3", "HQ1"))
    message = "site {} has no address, so nothing can be sent there; needed by {}"
    assert told(made) == [
        ("no-address", message.format("S1", "jobs more and p")),
        ("no-address", message.format("S2", "job p")),
    ]
    first = advise(made.fleet())[0]
    assert (first.where.file, first.path, first.severity) == ("sites/S1.yaml", "spec.address", Severity.WARNING)


def test_L12_a_site_that_no_job_requires_may_have_no_address() -> None:
    made = world(site("S1", "HQ1", address=False))
    made.jobs["p"].targets = ("HQ1",)
    assert told(made) == []


def test_paths_that_some_sites_cannot_represent_are_named_once_for_all_of_them() -> None:
    made = world(*(site(f"S{number}", "HQ1", case_sensitive=False) for number in range(6)))
    made.add(site("T1", "HQ1", max_path=3), package("P", unportable=("a:b", "nul", "c."), longest=("long", "abc")))
    assert told(made) == [
        (
            "path-not-representable",
            "package P has paths that site T1 cannot represent: longer than 3 characters: long",
        ),
        (
            "path-not-representable",
            "package P has paths that sites S0, S1, S2 and 3 more cannot represent: "
            "not possible on a Windows file system: a:b, nul, c.",
        ),
    ]
    assert advise(made.fleet())[0].where.file == "packages/P.yaml"


def test_windows_that_never_admit_a_job_are_told() -> None:
    made = world(site("S1", "HQ1", windows=(DAY,)))
    assert told(made) == [("window-never-admits", "no window of site S1 ever admits priority medium; needed by job p")]


def test_a_higher_job_takes_a_lower_one_of_the_same_package_with_it() -> None:
    made = world(site("S1", "HQ1", windows=(DAY,))).add(WantedJob("urgent", "P", ("S1",), priority=Priority.HIGH))
    assert told(made) == []
