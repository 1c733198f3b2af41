"""A file of the manifests as it was read; nothing is parsed outside `reconciler.manifests`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """`file` is the path as people see it, `directory` the absolute folder that relative paths inside refer to."""

    file: str
    directory: str
    data: bytes

    @property
    def path(self) -> str:
        """The absolute path."""
        return f"{self.directory}/{self.file.rsplit('/', 1)[-1]}"
