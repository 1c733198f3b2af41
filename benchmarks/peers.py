"""Tools that answer a like question, where this machine has them: what of all this is out of date?

They are given each pair by name, as a file beside a stamp; nothing here is a package to install.
"""

import os
import shutil
from collections.abc import Iterator

from benchmarks.measure import Command
from benchmarks.sizes import Size, not_ready


def peers(folder: str, size: Size) -> tuple[list[Command], list[str]]:
    """Write what the peers read into `folder`; the commands, and the names of those that are not here."""
    commands = [
        Command(name="make -n", arguments=("make", "-n", "-f", "Makefile"), folder=folder),
        Command(name="ninja -n", arguments=("ninja", "-n"), folder=folder),
        Command(name="rsync -ani", arguments=("rsync", "-ani", "wanted/", "held/"), folder=folder),
    ]
    here = [command for command in commands if shutil.which(command.arguments[0])]
    if here:
        _write(folder, size)
    return here, [command.name for command in commands if command not in here]


def _write(folder: str, size: Size) -> None:
    late = not_ready(size)
    for package, name in enumerate(size.package_names):
        for below in ("wanted", "held"):
            os.makedirs(os.path.join(folder, below, name))
        for site, site_name in enumerate(size.site_names):
            _touch(os.path.join(folder, "wanted", name, site_name))
            if (package, site) not in late:
                _touch(os.path.join(folder, "held", name, site_name))
    with open(os.path.join(folder, "Makefile"), "w", encoding="ascii") as stream:
        stream.writelines(_makefile(size))
    with open(os.path.join(folder, "build.ninja"), "w", encoding="ascii") as stream:
        stream.writelines(_build_ninja(size))


def _touch(path: str) -> None:
    """64 bytes, everywhere of the same age."""
    with open(path, "wb") as stream:
        stream.write(bytes(64))
    os.utime(path, (1_790_000_000, 1_790_000_000))


def _pairs(size: Size) -> Iterator[str]:
    return (f"{package}/{site}" for package in size.package_names for site in size.site_names)


def _makefile(size: Size) -> Iterator[str]:
    yield "MAKEFLAGS += -rR\nall:"
    yield from (f" held/{pair}" for pair in _pairs(size))
    yield "\n"
    yield from (f"held/{pair}: wanted/{pair}\n\tsend {pair}\n" for pair in _pairs(size))


def _build_ninja(size: Size) -> Iterator[str]:
    """`generator` because no log of earlier runs is there: without one every output would be out of date."""
    yield "rule send\n  command = send $in\n  generator = 1\n"
    yield from (f"build held/{pair}: send wanted/{pair}\n" for pair in _pairs(size))
