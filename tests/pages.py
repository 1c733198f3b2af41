"""Pages that show commands and what they print: read from ```console blocks, and written anew."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PROMPT = "$ "
FENCE = "```"
_FLEET_DIGEST = re.compile(r"^files [0-9a-f]{7} ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A command of a page, what is printed beneath it, and the numbers of the lines that show it."""

    command: str
    output: str
    first: int
    end: int


def shown(page: str) -> Iterator[Shown]:
    """Each command of the ```console blocks, in order."""
    lines = page.splitlines()
    inside = False
    command, first = "", 0
    for number, line in enumerate([*lines, FENCE]):
        if command and (line.startswith(PROMPT) or line == FENCE):
            output = "".join(f"{printed}\n" for printed in lines[first:number])
            yield Shown(command=command, output=output, first=first, end=number)
            command = ""
        if line.startswith(FENCE):
            inside = line == f"{FENCE}console"
        elif inside and line.startswith(PROMPT):
            command, first = line.removeprefix(PROMPT), number + 1


def with_output(page: str, place: Shown, output: str) -> str:
    """The page with another output beneath a command."""
    lines = page.splitlines()
    return "\n".join([*lines[: place.first], *output.splitlines(), *lines[place.end :]]) + "\n"


def comparable(text: str) -> str:
    """The fleet's digest is left out: stores are named by relative paths, so it depends on where the fleet lies."""
    return _FLEET_DIGEST.sub("files ....... ", text)
