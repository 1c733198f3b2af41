"""R11: nothing from a manifest or a package is ever executed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LISTEN = """
import json, sys
started = []

def hear(event, arguments):
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn"):
        started.append([event, repr(arguments[0])])
    if event in ("exec", "import"):
        code = getattr(arguments[0], "co_filename", arguments[1] if event == "import" else None)
        if isinstance(code, str) and "/fleet/" in code:
            started.append([event, code])

sys.addaudithook(hear)
from reconciler.cli.app import run
codes = [run(command) for command in json.loads(sys.argv[1])]
print("\\n" + json.dumps({"codes": codes, "started": started}))
"""

COMMANDS = (
    ("validate",),
    ("plan", "-o", "yaml"),
    ("apply",),
    ("status", "sends"),
    ("explain", "till-de/DE1"),
    ("ready", "till-de"),
    ("config",),
    ("work", "--until-idle"),
    ("verify", "--deep"),
    ("unpack", "till-4", "--store", "stores/DE1", "--to", "unpacked"),
)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """An example whose content and commands would leave a trace if anything ran them."""
    folder = tmp_path / "fleet"
    fresh = shutil.ignore_patterns("stores", ".reconciler")
    shutil.copytree(ROOT / "examples" / "02-a-job-refused", folder, ignore=fresh)
    for site in ("DE1", "EU1"):
        (folder / "stores" / site).mkdir(parents=True)
    trap = f"#!/bin/sh\ntouch {tmp_path}/sprung\n"
    for name in ("setup.exe", "setup.py", "sitecustomize.py", ".git-hook"):
        file = folder / "payload" / "till" / name
        file.write_text(trap)
        file.chmod(0o755)
    package = folder / "manifests" / "packages" / "till-4.yaml"
    package.write_text(package.read_text().replace("setup.exe /quiet", f"$(touch {tmp_path}/sprung); `id`"))
    (folder / "manifests" / "tag.yaml").write_text(f'!!python/object/apply:os.system ["touch {tmp_path}/sprung"]\n')
    return folder


def test_R11_no_command_starts_a_program(fleet: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ended = subprocess.run(
        [sys.executable, "-c", LISTEN, json.dumps(COMMANDS)],
        cwd=fleet,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told == {"codes": [4, 4, 4, 0, 0, 3, 0, 0, 4, 0], "started": []}
    assert not (tmp_path / "sprung").exists()
