"""`reconcile config`: every setting, its value, and where it comes from."""

import json
import os
import re
from typing import Any

from reconciler.cli.exits import Exit
from reconciler.cli.options import Options, Output, variable


def config(options: Options) -> int:
    """Print the settings as they apply here, and where each comes from: a flag, a variable, a line, or the default.

    Examples: reconcile config; reconcile -C shops config -o json
    """
    from reconciler.cli.exits import InvalidSettings
    from reconciler.cli.report import as_json, deliver, masked
    from reconciler.cli.workplace import work_in
    from reconciler.views.untrusted import render_untrusted

    options.only(Output.TEXT, Output.JSON)
    place = work_in(options)
    read = place.settings_read
    if read.settings is None:
        raise InvalidSettings(read.diagnostics)
    rows: list[tuple[str, object, str]] = []
    for field in read.fields:
        value, origin = field.value, "default" if field.where is None else f"{field.where.file}:{field.where.line}"
        if field.name == "manifests.paths":
            value = list(place.settings.manifest_paths)
            origin = _overridden("manifests", options.manifests) or origin
        if field.name == "notify":
            value = [_without_secrets(notifier) for notifier in field.value]
        if field.name == "state.url":
            value = masked(place.settings.state_url)
            origin = _overridden("state", options.state) or origin
        rows.append((field.name, value, origin))

    def render(output: Output, _color: bool) -> str:
        if output is Output.JSON:
            return as_json({name: {"value": value, "origin": origin} for name, value, origin in rows})
        width = max(len(name) for name, _, _ in rows)
        lines = (f"{name:<{width}}  {_text(value)}   ({origin})" for name, value, origin in rows)
        return "".join(f"{render_untrusted(line)}\n" for line in lines)

    deliver(options, render)
    return Exit.DONE


def _without_secrets(notifier: dict[str, Any]) -> dict[str, Any]:
    """A webhook's address beyond its host is often its secret; references are none."""
    webhook = notifier.get("webhook")
    if webhook is None or webhook["url"].startswith(("env:", "file:")):
        return notifier
    scheme, _, rest = webhook["url"].partition("://")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    hidden = "" if rest in (host, f"{host}/") else "/***"
    return notifier | {"webhook": webhook | {"url": f"{scheme}://{host.rpartition('@')[2]}{hidden}"}}


def _overridden(name: str, said: object) -> str:
    """The flag or the variable that an option of the command line came from, "" if nobody said."""
    if not said:
        return ""
    return f"variable {variable(name)}" if os.environ.get(variable(name)) else f"--{name}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
