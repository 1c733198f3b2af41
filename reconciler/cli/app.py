"""The command line: the table of commands, and how each way of ending becomes an exit code."""

import inspect
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import cache
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.exceptions import Abort, TyperException

from reconciler import __version__
from reconciler.cli import (
    acknowledge,
    adopt,
    apply,
    cancel,
    config,
    doctor,
    enroll,
    explain,
    gc,
    history,
    init,
    pin,
    plan,
    prune,
    ready,
    resume,
    retry,
    schema,
    show,
    state,
    status,
    suspend,
    unpack,
    validate,
    verify,
    watch,
    work,
)
from reconciler.cli import version as version_
from reconciler.cli.exits import HELP, CommandError, Exit, InvalidSettings
from reconciler.cli.options import VARIABLES, Options, variable, with_options
from reconciler.cli.report import report_diagnostics
from reconciler.model.faults import AuditError, GitFault, StateError
from reconciler.model.looks import Moved

COMMANDS: dict[str, tuple[Callable[..., int], bool]] = {
    "plan": (plan.plan, True),
    "apply": (apply.apply, True),
    "show": (show.show, True),
    "validate": (validate.validate, False),
    "watch": (watch.watch, True),
    "work": (work.work, False),
    "enroll": (enroll.enroll, False),
    "verify": (verify.verify, False),
    "acknowledge": (acknowledge.acknowledge, True),
    "status": (status.status, False),
    "explain": (explain.explain, False),
    "ready": (ready.ready, False),
    "suspend": (suspend.suspend, False),
    "resume": (resume.resume, False),
    "retry": (retry.retry, False),
    "cancel": (cancel.cancel, False),
    "history": (history.history, False),
    "doctor": (doctor.doctor, False),
    "state": (state.state, False),
    "pin": (pin.pin, False),
    "unpack": (unpack.unpack, False),
    "adopt": (adopt.adopt, False),
    "prune": (prune.prune, False),
    "gc": (gc.gc, False),
    "init": (init.init, False),
    "schema": (schema.schema, False),
    "config": (config.config, False),
    "version": (version_.version, False),
}
"""Command → its function, and whether it takes the options of planning."""


def _bare(
    options: Options,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> int:
    """Read the manifests, plan the missing send-only jobs, record them.

    Examples: reconcile --dry-run; reconcile; reconcile -C shops -o json --dry-run
    """
    if version:
        sys.stdout.write(f"reconcile {__version__}\n")
        return Exit.DONE
    return apply.apply(options)


def _app() -> typer.Typer:
    app = typer.Typer(
        name="reconcile",
        help=f"{inspect.cleandoc(_bare.__doc__ or '')}\n\n{HELP}",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    )
    bare = with_options(_bare, planning=True, root=True)

    def root(ctx: typer.Context, **given: object) -> int:
        ctx.obj = given
        return bare(ctx, **given) if ctx.invoked_subcommand is None else Exit.DONE

    root.__signature__ = bare.__signature__  # type: ignore[attr-defined]  # Typer reads it
    root.__annotations__ = bare.__annotations__
    app.callback(invoke_without_command=True)(root)
    for name, (function, planning) in COMMANDS.items():
        app.command(name)(with_options(function, planning=planning))
    return app


@cache
def _command_line() -> Callable[..., int | None]:
    """The parser of all commands, made once for a process that runs several: it takes longer than many a command."""
    return typer.main.get_command(_app())


def _warn_of_unknown_variables() -> None:
    for name in sorted(os.environ):
        if name.startswith("RECONCILE_") and name not in VARIABLES:
            sys.stderr.write(f"reconcile: warning: the variable {name} is not known and has no effect\n")


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(Exit.TERMINATED)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; no user's mistake ends in a traceback."""
    signal.signal(signal.SIGTERM, _terminated)
    _warn_of_unknown_variables()
    try:
        code = _command_line()(args=list(arguments), prog_name="reconcile", standalone_mode=False)
        sys.stdout.flush()
        return int(code or Exit.DONE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except (KeyboardInterrupt, Abort):
        return Exit.INTERRUPTED
    except typer.Exit as ended:
        return ended.exit_code
    except Exception as error:
        if _is_unexpected(error) and _is_verbose(arguments):
            raise
        return _tell(error)


def _is_verbose(arguments: Sequence[str]) -> bool:
    """Whether the flag or the variable asks for more; the words are those the command line takes for yes."""
    said = os.environ.get(variable("verbose"), "").lower()
    return bool({"-v", "--verbose"} & set(arguments)) or said in ("1", "true", "t", "yes", "y", "on")


def _is_unexpected(error: Exception) -> bool:
    """A bug, not a mistake of the user's nor a fault of the world."""
    return not isinstance(
        error, TyperException | CommandError | InvalidSettings | StateError | Moved | AuditError | GitFault
    )


def _tell(error: Exception) -> Exit:
    """Say on standard error what is wrong and what to do; returns the exit code."""
    code, hint = Exit.FAILED, ""
    match error:
        case InvalidSettings():
            report_diagnostics(error.diagnostics, texts=error.texts)
            return Exit.INVALID
        case TyperException():
            code, hint = Exit.USAGE, "reconcile --help"
        case CommandError():
            code, hint = error.code, error.hint
        case Moved():
            code, hint = Exit.TRY_AGAIN, "nothing was written; run it again once the files are at rest"
        case StateError() | AuditError() | GitFault():
            pass
        case _:
            hint = "this is a fault of reconcile; -v shows where it happened"
    message = error.format_message() if isinstance(error, TyperException) else str(error) or type(error).__name__
    sys.stderr.write(f"reconcile: error: {message}\n" + (f"hint: {hint}\n" if hint else ""))
    return code
