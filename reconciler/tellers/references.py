"""Secrets by reference: `env:NAME` or `file:/path`, looked up when they are used."""

from collections.abc import Mapping

from reconciler.model.secrets import Secret
from reconciler.tellers.protocol import NotTold

Variables = Mapping[str, str]
"""The environment, as the command line knows it."""

LARGEST = 64 * 1024
"""Bytes of a file that holds a secret."""


def is_reference(text: str) -> bool:
    """Whether it names a secret, and is none itself."""
    return text.startswith(("env:", "file:"))


def variable_of(reference: str | None) -> str | None:
    """The environment variable it names, if it names one."""
    return reference.removeprefix("env:") if reference is not None and reference.startswith("env:") else None


def resolve(reference: str, variables: Variables) -> Secret:
    """The secret itself, without the line's end of a file; raises NotTold if there is none."""
    if reference.startswith("env:"):
        text = variables.get(reference.removeprefix("env:"), "")
        if not text:
            raise NotTold(f"the variable {reference.removeprefix('env:')} is not set")
        return Secret(text)
    path = reference.removeprefix("file:")
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as fault:
        raise NotTold(f"the file {path} cannot be read: {fault.strerror}") from None
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise NotTold(f"the file {path} is not UTF-8") from None
    if not text or len(data) > LARGEST:
        raise NotTold(f"the file {path} is {'empty' if not text else 'too large for a secret'}")
    return Secret(text)
