"""Results on standard output and in files, everything else on standard error."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Color, LogFormat, Options, Output

if TYPE_CHECKING:
    from reconciler.engine.manifests import FleetRead
    from reconciler.model.diagnostics import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.model.source_text import SourceText
    from reconciler.views.refusal import Limits

    Texts = Sequence[SourceText] | None

Render = Callable[[Output, bool], str]
"""Format and colour → text that ends with a newline."""


def colored(options: Options, stream: TextIO) -> bool:
    """Colour only on a terminal, unless the option, NO_COLOR or FORCE_COLOR say otherwise."""
    if options.color is not Color.AUTO:
        return options.color is Color.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def deliver(options: Options, render: Render) -> None:
    """Print the result, after writing it to every file that `--report` names."""
    for output, file in options.reports():
        write_file(file, render(output, False))
    sys.stdout.write(render(options.output, colored(options, sys.stdout)))


def say(options: Options, text: str, *, level: str = "info", event: str = "notice", **facts: object) -> None:
    """A line on standard error, for people or with `--log-format json` for programs; not under `--quiet`."""
    if options.quiet:
        return
    if options.log_format is not LogFormat.JSON and not options.stays:
        sys.stderr.write(f"{text}\n")
        return
    from reconciler.cli.logs import log
    from reconciler.views.log import Entry, Level

    log(options, Entry(level=Level(level), event=event, message=text, fields=facts))


def detail(options: Options, text: str) -> None:
    """A line that only `--verbose` asks for."""
    if options.verbose:
        say(options, text, level="debug")


def masked(url: str) -> str:
    """The URL without its password."""
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))


def as_json(document: Mapping[str, object]) -> str:
    """Indented, as people read it too; ends with a newline."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def plan_renderer(
    plan: "Plan", options: Options, *, written: bool, already: bool = False, limits: "Limits | None" = None
) -> Render:
    """The plan in each format of cli.md; `already`: the state knew all of it, `limits`: where the guards' are set."""

    def render(output: Output, color: bool) -> str:
        show_all = options.show is not None
        match output:
            case Output.TEXT:
                from reconciler.views.plan_text import plan_text

                return plan_text(
                    plan,
                    show_all=show_all,
                    color=color,
                    written=written,
                    already=already,
                    limits=limits or {},
                    revision=options.rev,
                )
            case Output.JSON:
                from reconciler.views.plan_json import plan_json

                return as_json(plan_json(plan, show_all=show_all))
            case Output.YAML:
                from reconciler.views.plan_yaml import plan_yaml

                return plan_yaml(plan)
            case Output.MARKDOWN:
                from reconciler.views.plan_markdown import plan_markdown

                return plan_markdown(plan, limits=limits or {})
            case Output.NDJSON:
                raise CommandError("-o ndjson is not offered for plans", code=Exit.USAGE, hint="use json")

    return render


def report_diagnostics(
    diagnostics: "Sequence[Diagnostic]",
    options: Options | None = None,
    *,
    files: int | None = None,
    texts: "Texts" = None,
) -> None:
    """What is wrong, with the lines it is about, on standard error; nothing if nothing is. `texts` as there."""
    from reconciler.views.diagnostics import diagnostics_text

    if not diagnostics:
        return
    color = colored(options or Options(), sys.stderr)
    sys.stderr.write(
        diagnostics_text(diagnostics, lines=source_lines(diagnostics, texts), color=color, files_read=files)
    )


def report_all(read: "FleetRead", options: Options) -> None:
    """Everything that is wrong in the manifests."""
    report_diagnostics(read.diagnostics, options, files=read.files, texts=read.texts)


def source_lines(diagnostics: "Sequence[Diagnostic]", texts: "Texts" = None) -> dict[str, Sequence[str]]:
    """The lines of every file a diagnostic is about; nothing for one that cannot be read now or holds a secret.

    They are those of `texts` where a commit was read, whatever the files say.
    """
    lines: dict[str, Sequence[str]] = {}
    secret = {found.where.file for found in diagnostics if found.code.startswith("secret-")}
    files = {found.where.file for found in diagnostics} - secret
    if texts is not None:
        return {text.file: text.data.decode(errors="replace").split("\n") for text in texts if text.file in files}
    for file in files:
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
            with open(descriptor, "rb") as stream:
                lines[file] = stream.read(2**20).decode(errors="replace").split("\n")
        except OSError:
            continue
    return lines


def write_file(file: str, text: str) -> None:
    """Whole or not at all: under a temporary name, flushed, renamed."""
    import tempfile

    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(file)), prefix=".reconcile-")
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from None
