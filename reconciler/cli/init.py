"""`reconcile init`: a commented example fleet, or one Site file for each row of a list."""

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output

STARTER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "starter")
EDITOR_KINDS = ("site", "package", "job", "config")
STORES = ("stores/HQ", "stores/SHOP-1", "stores/SHOP-2")
"""Where the example's settings say that its sites' stores are: empty folders, which no send ever makes (L37)."""


def init(
    options: Options,
    directory: Annotated[str, typer.Argument(metavar="[DIR]", help="Where; created if needed.")] = ".",
    sites: Annotated[
        str | None,
        typer.Option(
            "--sites", metavar="FILE.csv", help="Only Site files, one a row; columns name, parent, timezone, label:KEY."
        ),
    ] = None,
) -> int:
    """Write a commented example fleet with editor settings, or one Site file for each row of a CSV file.

    Existing files are never overwritten.

    Examples: reconcile init shops; reconcile init shops --sites sites.csv
    """
    from reconciler.views.counts import count

    options.only(Output.TEXT, reports=False)
    files = dict(_starter()) if sites is None else _site_files(sites)
    targets = {os.path.join(directory, name): content for name, content in files.items()}
    taken = sorted(path for path in targets if os.path.lexists(path))
    if taken:
        raise CommandError(
            f"{count(len(taken), 'file')} of these are there already: {', '.join(taken[:3])}",
            hint="nothing was written; choose another folder or move them away",
        )
    if not options.dry_run:
        for path, (data, executable) in targets.items():
            _create(path, data, executable=executable)
        for store in STORES if sites is None else ():
            _make_folder(os.path.join(directory, store))
    verb = "Would write" if options.dry_run else "Wrote"
    stores = ", and an empty folder for the store of each site" if sites is None else ""
    sys.stdout.write(f"{verb} {count(len(targets), 'file')} to {directory}{stores}\n")
    there = "" if os.path.normpath(directory) == "." else f" -C {directory}"
    if sites is None:
        sys.stdout.write(f"Next: reconcile{there} --dry-run\n")
    else:
        sys.stdout.write(
            "Next: say where the sites are (spec.address of each, or one for all in spec.defaults of reconciler.yaml), "
            f"then: reconcile{there} validate\n"
        )
    return Exit.DONE


def _starter() -> Iterator[tuple[str, tuple[bytes, bool]]]:
    """The example fleet and the schemas its editor settings refer to: relative path → content, executable or not."""
    from reconciler.manifests.schemas import schema_text

    for folder, _, names in sorted(os.walk(STARTER)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as stream:
                executable = bool(os.fstat(stream.fileno()).st_mode & stat.S_IXUSR) or name.endswith(".sh")
                yield os.path.relpath(path, STARTER), (stream.read(), executable)
    for kind in EDITOR_KINDS:
        yield f"schemas/{kind}.v1.schema.json", (schema_text(kind).encode(), False)


def _site_files(file: str) -> dict[str, tuple[bytes, bool]]:
    """`manifests/sites/NAME.yaml` for each row; raises CommandError naming the line of the first mistake."""
    import csv

    from reconciler.model.names import NAME, fold, is_reserved

    files: dict[str, tuple[bytes, bool]] = {}
    seen: dict[str, int] = {}
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            _check_columns(file, rows.fieldnames or ())
            for row in rows:
                line, name = rows.line_num, row["name"] or ""
                if None in row or None in row.values():
                    raise _mistake(file, line, "the row has not as many cells as the first line")
                if NAME.fullmatch(name) is None or is_reserved(name):
                    raise _mistake(file, line, f"{name!r} cannot be the name of a site")
                if fold(name) in seen:
                    raise _mistake(file, line, f"site {name} stands in line {seen[fold(name)]} already")
                seen[fold(name)] = line
                files[f"manifests/sites/{name}.yaml"] = (_site_manifest(name, row), False)
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is not CSV in UTF-8: {error}", code=Exit.INVALID) from None
    if not files:
        raise CommandError(f"{file} has no rows", code=Exit.INVALID)
    return files


def _check_columns(file: str, columns: Sequence[str]) -> None:
    if "name" not in columns:
        raise _mistake(file, 1, "there is no column name")
    for column in columns:
        if column not in ("name", "parent", "timezone") and not (column.startswith("label:") and len(column) > 6):
            raise _mistake(file, 1, f"column {column!r} is not known")


def _mistake(file: str, line: int, text: str) -> CommandError:
    return CommandError(f"{file}:{line}: {text}", code=Exit.INVALID, hint="columns: name, parent, timezone, label:KEY")


def _site_manifest(name: str, row: Mapping[str, str]) -> bytes:
    """The manifest of one row; empty cells are left out."""
    import yaml

    labels = {column[6:]: value for column, value in row.items() if column.startswith("label:") and value}
    spec = {column: row[column] for column in ("parent", "timezone") if row.get(column)}
    metadata = {"name": name} | ({"labels": labels} if labels else {})
    manifest = {"apiVersion": "reconciler/v1", "kind": "Site", "metadata": metadata, "spec": spec}
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True).encode()


def _create(path: str, data: bytes, *, executable: bool) -> None:
    _make_folder(os.path.dirname(path) or ".")
    try:
        mode = 0o777 if executable else 0o666
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from None


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make the folder {path}: {error.strerror}") from None
