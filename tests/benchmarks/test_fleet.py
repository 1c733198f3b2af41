import os
from collections import Counter

import pytest
import yaml

from benchmarks.fleet import main, write_fleet
from benchmarks.sizes import SIZES, Found, Layout, Size, not_ready

SIZE = Size(4, 30)


def read(folder):
    found = {}
    for above, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(above, name)
            with open(path, "rb") as stream:
                found[os.path.relpath(path, folder)] = stream.read()
    return found


def manifests(folder, kind):
    files = sorted(path for path in read(folder) if path.startswith(f"manifests/{kind}/"))
    return [document for path in files for document in yaml.safe_load_all(read(folder)[path])]


def test_the_sizes_are_those_of_the_promises():
    assert {pairs: (size.packages, size.sites) for pairs, size in SIZES.items()} == {
        1_000: (20, 50),
        10_000: (100, 100),
        100_000: (500, 200),
        1_000_000: (1_000, 1_000),
    }


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_fleet(str(tmp_path / name), SIZE, seed=seed)

    assert read(tmp_path / "one") == read(tmp_path / "same")
    assert read(tmp_path / "one") != read(tmp_path / "other")


def test_a_compact_fleet_has_one_file_for_each_site_package_and_job(tmp_path):
    write_fleet(str(tmp_path), SIZE)

    folders = Counter(os.path.dirname(path).split("/P")[0] for path in read(tmp_path))

    assert folders == {"": 1, "manifests/sites": 31, "manifests/packages": 4, "manifests/jobs": 4, "sources": 4}


def test_a_flat_fleet_has_one_job_document_for_each_pair(tmp_path):
    write_fleet(str(tmp_path), SIZE, layout=Layout.FLAT)

    pairs = [(job["spec"]["package"], job["spec"]["targets"]) for job in manifests(tmp_path, "jobs")]

    assert pairs == [(package, [{"names": [site]}]) for package in SIZE.package_names for site in SIZE.site_names]


def test_only_the_jobs_depend_on_the_layout(tmp_path):
    for layout in Layout:
        write_fleet(str(tmp_path / layout.value), SIZE, layout=layout)

    compact, flat = read(tmp_path / "compact"), read(tmp_path / "flat")

    assert {path for path in compact if compact[path] != flat[path]} == {
        f"manifests/jobs/{name}.yaml" for name in SIZE.package_names
    }


def test_one_pair_in_a_hundred_is_not_ready():
    size = SIZES[10_000]

    late = not_ready(size)

    assert len(late) == 100
    assert Found.READY not in late.values()
    assert all(package < 100 and site < 100 for package, site in late)
    assert late == not_ready(size)


def test_a_folder_in_use_is_refused(tmp_path, capsys):
    (tmp_path / "kept").touch()

    with pytest.raises(SystemExit):
        main([str(tmp_path)])

    assert "is not empty" in capsys.readouterr().err
