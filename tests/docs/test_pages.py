"""READMEs, tutorial and how-to pages show what really happens: their commands are run, in a folder of their own.

To write the outputs anew: `pytest tests/docs --update-golden`, then read the diff. A README begins beside a copy of the
examples; another page in an empty folder, or in a copy of the example that a comment names:
`<!-- begins in examples/04-retail-chain -->`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.app import COMMANDS
from tests.forks.starting import socket_of
from tests.pages import ANY, Shown, agrees, shown, steps, with_output

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    str(page.relative_to(ROOT)) for folder in ("tutorial", "how-to") for page in (DOCS / folder).glob("*.md")
)
READMES = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "examples").glob("*/README.md"))]

BEGINS_IN = re.compile(r"<!-- begins in (\S+) -->")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PLACE = "/srv/fleet"
"""What a page shows for the folder it works in."""

MARK = "end-of-command-7c1e40b2"
NOON = 1795435200
"""2026-11-23T12:00:00Z: the clock of the commands."""

ASKS = ROOT / "tests" / "forks" / "asking.py"
"""What `reconcile` is on most runs: tests/forks."""

STARTED = f"""#!{sys.executable} -u
import sys, time
time.time = lambda: {NOON}.0
sys.argv[0] = "reconcile"
from reconciler.__main__ import main
main()
"""
"""What it is with `-m long`: the program that users start."""


UNZSTD = f"""#!{sys.executable}
import sys
from backports import zstd
sys.stdout.buffer.write(zstd.decompress(sys.stdin.buffer.read()))
"""
"""`zstd -dcq` where it is not installed; that the real one reads a store, tests/parcels/test_shell.py shows."""


def begin(name: str, page: str, work: Path) -> None:
    """The folder in which the page begins; what somebody tried in the examples here stays here."""
    begins = BEGINS_IN.search(page)
    fresh = shutil.ignore_patterns("stores", ".reconciler")
    if begins:
        shutil.copytree(ROOT / begins[1], work, ignore=fresh)
    elif name in READMES:
        shutil.copytree(ROOT / "examples", work / "examples", ignore=fresh)
    else:
        work.mkdir()


def programs(folder: Path, reconcile: str) -> Path:
    """A folder with the programs that the pages run and a machine may not have; where files may be executed."""
    for program, text in ({"reconcile": reconcile} | ({} if shutil.which("zstd") else {"zstd": UNZSTD})).items():
        command = folder / program
        command.write_text(text)
        command.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = f'#!/bin/sh\nexec {sys.executable} -IS {ASKS} {socket_of(NOON)} "$@"\n'
    return programs(tmp_path_factory.mktemp("forked"), text)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return programs(tmp_path_factory.mktemp("started"), STARTED)


def run_page(name: str, page: str, folder: Path, commands: Path) -> list[str]:
    """What each command of the page prints, on both streams, in the order of the page."""
    work = folder / "fleet"
    begin(name, page, work)
    author = {f"GIT_{who}_{what}": "you" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = author | {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "LOGNAME": "you",
        "LC_ALL": "C.UTF-8",
        "RECONCILE_LOG_FORMAT": "text",  # as on the reader's terminal
        "HOME": str(folder),
    }
    ended = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=True,
        text=True,
    )
    *printed, _ = ended.stdout.replace(str(work), PLACE).split(f"{MARK}\n")
    return printed


def script(page: str) -> str:
    """The page as one shell script, so that `cd`, variables and exit codes last."""
    lines = ["ended=0"]
    for step in steps(page):
        if isinstance(step, Shown):
            lines += [f"{{ (exit $ended)\n{step.command}\n}} </dev/null", "ended=$?", f"echo {MARK}"]
        else:
            lines += [f"mkdir -p $(dirname {step.file})", f"cat > {step.file} <<'{MARK}'\n{step.text}{MARK}"]
    return "\n".join([*lines, "true"])


@pytest.mark.parametrize("name", [*READMES, *PAGES])
def test_a_page_shows_what_its_commands_print(
    name: str, quick_folder: str, forked: Path, request: pytest.FixtureRequest
) -> None:
    _compare(name, Path(quick_folder), forked, request)


@pytest.mark.long
@pytest.mark.parametrize("name", [*READMES, *PAGES])
def test_a_page_shows_what_programs_print_that_are_started(
    name: str, tmp_path: Path, started: Path, request: pytest.FixtureRequest
) -> None:
    _compare(name, tmp_path, started, request)


def _compare(name: str, folder: Path, commands: Path, request: pytest.FixtureRequest) -> None:
    file = ROOT / name
    page = file.read_text("utf-8")
    printed = run_page(name, page, folder, commands)
    assert len(printed) == len(shown(page))
    for index, output in enumerate(printed):
        place = shown(page)[index]
        if request.config.getoption("--update-golden") and ANY not in place.output.splitlines():
            page = page if agrees(place.output, output) else with_output(page, place, output)
            file.write_text(page, encoding="utf-8", newline="\n")
            place = shown(page)[index]
        assert agrees(place.output, output), f"{name}: $ {place.command}\n{output}"


def test_every_page_of_the_documentation_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    linked = {os.path.normpath(link) for link in LINK.findall(index)}
    pages = [
        *(page.removeprefix("docs/") for page in PAGES),
        *(f"explanation/{page.name}" for page in (DOCS / "explanation").glob("*.md")),
    ]
    assert [page for page in pages if page not in linked] == []


def _with_links() -> list[str]:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted(str(page.relative_to(ROOT)) for page in pages)


def test_no_link_within_the_project_is_dead() -> None:
    dead = [
        f"{page}: {link}"
        for page in _with_links()
        for link in LINK.findall((ROOT / page).read_text("utf-8"))
        if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("page", ["README.md", "docs/explanation/how-faults-are-tested.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / page).read_text("utf-8")))
    defined = {
        name
        for file in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"^ *def (test_\w+)\(", file.read_text("utf-8"), re.MULTILINE)
    }
    assert len(named) > 10
    assert named - defined == set()


@pytest.mark.parametrize("page", [*READMES, *PAGES])
def test_every_command_that_a_page_tells_to_run_exists(page: str) -> None:
    """In ```sh and ```ini blocks too, which are not run."""
    told = set(re.findall(r"(?<![\w./-])reconcile(?: -C \S+)? ([a-z]+)\b", "\n".join(_blocks(page))))
    assert told <= set(COMMANDS)


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```(?:sh|ini)\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
