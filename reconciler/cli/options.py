"""The options of all commands: each defined once, accepted before and after the command.

Flag > variable > settings file > default. Variables are read where the options before the command are parsed, so that
a flag before the command wins over a variable too.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Annotated, Any

import typer

from reconciler.cli.exits import CommandError, Exit


class Output(Enum):
    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    NDJSON = "ndjson"
    MARKDOWN = "markdown"


class Color(Enum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class LogFormat(Enum):
    TEXT = "text"
    JSON = "json"


class FailOn(Enum):
    BLOCKED = "blocked"


class Show(Enum):
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for; None and () mean that nobody said."""

    manifests: tuple[str, ...] = ()
    chdir: str | None = None
    config: str | None = None
    rev: str | None = None
    state: str | None = None
    dry_run: bool = False
    output: Output = Output.TEXT
    report: tuple[str, ...] = ()
    color: Color = Color.AUTO
    quiet: bool = False
    verbose: bool = False
    log_format: LogFormat | None = None
    stays: bool = False
    """Of a command that stays, whose log tells when things happened; no option."""
    site: tuple[str, ...] = ()
    package: tuple[str, ...] = ()
    job: tuple[str, ...] = ()
    selector: str | None = None
    detailed_exitcode: bool = False
    fail_on: FailOn | None = None
    show: Show | None = None
    base: str | None = None

    def only(self, *outputs: Output, reports: bool = True) -> None:
        """Raise CommandError if the command cannot give what `--output` and `--report` ask for.

        Without `reports` it has no result that could be written to a file.
        """
        offered = f"use {', '.join(output.value for output in outputs)}"
        if self.output not in outputs:
            raise CommandError(f"-o {self.output.value} is not offered here", code=Exit.USAGE, hint=offered)
        for output, file in self.reports():
            if not reports:
                raise CommandError(f"--report {output.value}={file}: nothing is reported here", code=Exit.USAGE)
            if output not in outputs:
                raise CommandError(f"--report {output.value}=... is not offered here", code=Exit.USAGE, hint=offered)

    def reports(self) -> tuple[tuple[Output, str], ...]:
        """Format and file of each `--report`; raises CommandError."""
        return tuple(map(_report, self.report))


def _report(report: str) -> tuple[Output, str]:
    name, separator, file = report.partition("=")
    if not separator or not file or name not in {output.value for output in Output}:
        raise CommandError(
            f"--report {report} is not FORMAT=FILE", code=Exit.USAGE, hint="for example --report json=plan.json"
        )
    return Output(name), file


def variable(name: str) -> str:
    """The environment variable of an option."""
    return f"RECONCILE_{name.upper()}"


def _complete(kind: str) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        from reconciler.cli.completion import names

        return [name for name in names(kind) if name.startswith(incomplete)]

    return complete


complete_job, complete_package, complete_site = _complete("Job"), _complete("Package"), _complete("Site")

_Many = list[str] | None
_GENERAL: dict[str, Any] = {
    "manifests": Annotated[
        _Many,
        typer.Option(
            "--manifests",
            "-m",
            metavar="PATH",
            help="Folder or file of manifests; repeatable. Default: from the settings, else manifests/, else '.'.",
        ),
    ],
    "chdir": Annotated[str | None, typer.Option("--chdir", "-C", metavar="DIR", help="Work as if started in DIR.")],
    "config": Annotated[
        str | None,
        typer.Option("--config", "-c", metavar="FILE", help="Settings. Default: the nearest reconciler.yaml upwards."),
    ],
    "rev": Annotated[
        str | None,
        typer.Option("--rev", metavar="REV", help="Read manifests and sources as this commit has them, not the files."),
    ],
    "state": Annotated[
        str | None,
        typer.Option("--state", metavar="URL", help="State database. Default: sqlite:///.reconciler/state.db."),
    ],
    "dry_run": Annotated[bool | None, typer.Option("--dry-run", help="Write nothing, whatever the command.")],
    "output": Annotated[Output | None, typer.Option("--output", "-o", help="Format of the result.")],
    "report": Annotated[
        _Many,
        typer.Option(
            "--report", metavar="FORMAT=FILE", help="Write the result to FILE too, also when refused; repeatable."
        ),
    ],
    "color": Annotated[Color | None, typer.Option("--color", help="Colour the text.")],
    "quiet": Annotated[bool | None, typer.Option("--quiet", "-q", help="Only the result and errors.")],
    "verbose": Annotated[bool | None, typer.Option("--verbose", "-v", help="Say more on standard error.")],
    "log_format": Annotated[LogFormat | None, typer.Option("--log-format", help="Format of log lines.")],
}
_PLANNING: dict[str, Any] = {
    "site": Annotated[
        _Many,
        typer.Option("--site", metavar="NAME|GLOB", help="Only these sites; repeatable.", autocompletion=complete_site),
    ],
    "package": Annotated[
        _Many,
        typer.Option(
            "--package", metavar="NAME|GLOB", help="Only these packages; repeatable.", autocompletion=complete_package
        ),
    ],
    "job": Annotated[
        _Many,
        typer.Option(
            "--job", metavar="NAME|GLOB", help="Only what these jobs need; repeatable.", autocompletion=complete_job
        ),
    ],
    "selector": Annotated[
        str | None,
        typer.Option("--selector", "-l", metavar="SELECTOR", help="Only sites with these labels, as kubectl has it."),
    ],
    "detailed_exitcode": Annotated[
        bool | None, typer.Option("--detailed-exitcode", help="Exit 2 when changes are pending.")
    ],
    "fail_on": Annotated[FailOn | None, typer.Option("--fail-on", help="Exit 3 when pairs are blocked.")],
    "show": Annotated[Show | None, typer.Option("--show", help="Unfold what is ready or folded.")],
    "base": Annotated[
        str | None,
        typer.Option("--base", metavar="REV", help="What changes in the plan since REV; records nothing."),
    ],
}
_REVIEWING = frozenset(("_bare", "plan", "apply"))
"""The functions of commands that `--base` means something to."""

VARIABLES = frozenset(variable(name) for name in (*_GENERAL, *_PLANNING))


def _parameters(options: dict[str, Any], *, variables: bool) -> list[inspect.Parameter]:
    """One keyword parameter for each option; with its variable where the options before the command are parsed."""
    parameters = []
    for name, annotation in options.items():
        option = annotation.__metadata__[0]
        if variables:
            option = _with_variable(option, variable(name))
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[annotation.__origin__, option],
            )
        )
    return parameters


def _with_variable(option: Any, name: str) -> Any:
    import copy

    with_variable = copy.copy(option)
    with_variable.envvar = name
    return with_variable


def _merged(layers: list[dict[str, Any]]) -> Options:
    """The last layer that says something wins."""
    known = {field.name for field in fields(Options)}
    said: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if name in known and value is not None and value != []:
                said[name] = tuple(value) if isinstance(value, list | tuple) else value
    return Options(**said)


def with_options(function: Callable[..., int], *, planning: bool = False, root: bool = False) -> Callable[..., int]:
    """`function(options, **own)` as a Typer command that takes the options of all commands besides its own.

    `planning` adds those of commands that make a plan; `root` is the command line before any command.
    """
    options = _GENERAL | (_PLANNING if planning else {})
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    ]

    def command(ctx: typer.Context, **given: Any) -> int:
        before: dict[str, Any] = {} if ctx.parent is None else ctx.parent.obj
        _refuse_misplaced(ctx, before, options)
        named = {parameter.name for parameter in own}
        layers = [before, given]
        if function.__name__ not in _REVIEWING:
            layers = [_without_base(ctx, layer) for layer in layers]
        return function(_merged(layers), **{name: given[name] for name in given if name in named})

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *_parameters(options, variables=root)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    return command


def _without_base(ctx: typer.Context, layer: dict[str, Any]) -> dict[str, Any]:
    """The same for a command that reviews nothing; a variable that others read is no mistake, a flag is one."""
    if layer.get("base") is not None and (ctx.parent is None or layer is not ctx.parent.obj or _is_typed(ctx, "base")):
        raise CommandError(f"--base means nothing to {ctx.info_name}", code=Exit.USAGE)
    return {name: value for name, value in layer.items() if name != "base"}


def _is_typed(ctx: typer.Context, name: str) -> bool:
    """Whether an option before the command was given there, not by its variable."""
    source = ctx.parent.get_parameter_source(name) if ctx.parent is not None else None
    return source is not None and source.name == "COMMANDLINE"


def _refuse_misplaced(ctx: typer.Context, before: dict[str, Any], options: dict[str, Any]) -> None:
    """An option before a command that does not know it would silently do nothing."""
    for name, value in before.items():
        if name in _PLANNING and name not in options and value not in (None, []) and _is_typed(ctx, name):
            raise CommandError(f"--{name.replace('_', '-')} means nothing to {ctx.info_name}", code=Exit.USAGE)
