"""A store can be read without us: the line in docs/reference/store-format.md is run as it stands there."""

import os
import re
import stat
import subprocess
from pathlib import Path

from reconciler.parcels.index import Index, index_bytes
from reconciler.parcels.packs import parse_table
from reconciler.parcels.places import Places
from reconciler.parcels.store_names import index_name, new_id, pack_name
from tests.parcels.depots import Depot, noise, packed, plant
from tests.parcels.test_travelling import Site

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "store-format.md").read_text("utf-8")
UNPACK, CHECK = re.findall(r"^```sh\n(.*)\n```$", PAGE, re.MULTILINE)


def store(root: Path, depot: Depot, index: Index) -> str:
    """A store with these packs and this index; the index's id."""
    name = new_id()
    plant(root, {pack_name(pack): data for pack, data in depot.packs.items()})
    plant(root, {index_name(name): index_bytes(index)})
    return name


def run(line: str, root: Path, index: str, into: Path) -> str:
    line = line.replace("ID", index).replace("DIR", str(into))
    ended = subprocess.run(["/bin/sh", "-c", line], cwd=root, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stderr == ""
    return ended.stdout


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Modes and bytes of files, and folders."""
    found = {}
    for path in root.rglob("*"):
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        found[os.fsdecode(path.relative_to(root))] = (mode, path.read_bytes()) if path.is_file() else (0, b"")
    return found


def source(root: Path) -> Path:
    plant(
        root,
        {
            "setup.exe": noise(1, 700_000),
            "docs/à la carte\nno. 2.txt": b"text\n" * 3000,
            "docs/" + "long/" * 30 + "name.txt": b"deep",
            "-rf": b"an option",
            "empty file": b"",
        },
    )
    (root / "setup.exe").chmod(0o755)
    (root / "empty" / "folder").mkdir(parents=True)
    return root


def test_the_line_of_the_page_gives_the_tree(tmp_path: Path) -> None:
    depot, into = Depot(), tmp_path / "into"
    into.mkdir()
    planted = source(tmp_path / "source")
    name = store(tmp_path / "store", depot, packed(planted, depot))
    run(UNPACK, tmp_path / "store", name, into)
    assert tree(into) == tree(planted)


def test_the_second_line_gives_the_content_digest(tmp_path: Path) -> None:
    depot = Depot()
    index = packed(source(tmp_path / "source"), depot)
    name = store(tmp_path / "store", depot, index)
    assert run(CHECK, tmp_path / "store", name, tmp_path) == f"{index.content.removeprefix('sha256:')}  -\n"


def test_the_line_reads_many_runs_over_several_packs_and_a_torn_one(tmp_path: Path) -> None:
    depot, site, held, into = Depot(), Site(), Places(), tmp_path / "into"
    into.mkdir()
    planted = source(tmp_path / "source")
    for version in range(4):
        with (planted / "setup.exe").open("r+b") as file:
            file.seek(120_000 * version)
            file.write(noise(version + 2, 30_000))
        index = packed(planted, depot, held)
        at_site, _ = site.receive(index, depot, largest=300_000)
    torn = next(pack for pack in site.packs if len(parse_table(site.packs[pack]).blocks) > 1)
    site.ends[torn] = parse_table(site.packs[torn]).blocks[0].end
    site.packs[torn] = site.packs[torn][: site.ends[torn] + 100]
    at_site, sent = site.receive(index, depot)
    assert sent
    assert len(at_site.packs) > 3
    assert len(at_site.runs) > 8
    assert torn in {use.pack for use in at_site.packs}
    run(UNPACK, tmp_path / "store", store(tmp_path / "store", site, at_site), into)
    assert tree(into) == tree(planted)
