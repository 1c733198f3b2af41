"""Pages that show commands and what they print: read, run in a folder, written anew.

A ```console block holds commands after `$ `, each with what it prints. A line `...` stands for any lines. A block with
`title="FILE"` is a file that the reader writes at that place. What differs from run to run is shown as it once was, and
compared without it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

PROMPT = "$ "
FENCE = "```"
CONSOLE = "```console"
ANY = "..."
_TITLE = re.compile(r'```\w+ title="([^"]+)"')
_VARYING = {
    r"^files [0-9a-f]{7} ": "files FLEET ",  # stores are named by relative paths: it depends on where the fleet lies
    r"\b(git|commit) [0-9a-f]{7}(?:[0-9a-f]{5})?\b": r"\1 COMMIT",
    r"\b[0-9a-f]{32}\b": "ID",
    r"\bworker [0-9a-f]{8} \(process \d+ on [^)]+\)": "WORKER",
    r"\bby [\w.-]+/\d+\b": "by VERIFIER",
    r"\(event \d+\)": "(event N)",
}
_TRAVELLED = re.compile(r"(?<=[ ])(\d+)(?:\.\d+)? ([KMG]?i?B)(?= written|,? .*(?:proof|in under))", re.MULTILINE)
_TOLD_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A command of a page, what is printed beneath it, and the lines from `first` to before `end` that show it."""

    command: str
    output: str
    first: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of a page."""

    file: str
    text: str


def steps(page: str) -> Iterator[Shown | Written]:
    """What the reader types and writes, in order."""
    lines = page.splitlines()
    number = 0
    while number < len(lines):
        opening = lines[number]
        number += 1
        if not opening.startswith(FENCE):
            continue
        end = next(index for index in range(number, len(lines)) if lines[index] == FENCE)
        title = _TITLE.fullmatch(opening)
        if title:
            yield Written(file=title[1], text=_joined(lines[number:end]))
        elif opening == CONSOLE:
            yield from _commands(lines, number, end)
        number = end + 1


def shown(page: str) -> list[Shown]:
    """Each command of the page, in order."""
    return [step for step in steps(page) if isinstance(step, Shown)]


def with_output(page: str, place: Shown, output: str) -> str:
    """The page with another output beneath a command."""
    lines = page.splitlines()
    return _joined([*lines[: place.first], *output.splitlines(), *lines[place.end :]])


def comparable(text: str) -> str:
    """Without what is drawn at random; of compressed bytes the order of magnitude, of things told at once no order."""
    for pattern, word in _VARYING.items():
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    text = _TRAVELLED.sub(lambda size: f"{'#' * len(size[1])} {size[2]}", text)
    runs = groupby(text.splitlines(keepends=True), key=lambda line: _TOLD_AT.match(line) is not None)
    return "".join(line for told, lines in runs for line in (sorted(lines) if told else lines))


def agrees(output: str, printed: str) -> bool:
    """Whether a page shows what was printed."""
    pattern = "".join(
        r"(?:.*\n)*" if line == ANY else re.escape(f"{line}\n") for line in comparable(output).splitlines()
    )
    return re.fullmatch(pattern, comparable(printed)) is not None


def _commands(lines: list[str], start: int, end: int) -> Iterator[Shown]:
    prompts = [number for number in range(start, end) if lines[number].startswith(PROMPT)]
    for number, following in zip(prompts, [*prompts[1:], end], strict=True):
        yield Shown(
            command=lines[number].removeprefix(PROMPT),
            output=_joined(lines[number + 1 : following]),
            first=number + 1,
            end=following,
        )


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
