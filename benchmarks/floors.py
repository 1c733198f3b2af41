"""What no planner in Python can be faster than: reading the same files, the same difference, and nothing else.

Each floor is a process of its own: `python floors.py FLOOR DIR` prints the CPU seconds of its work alone.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping

DIFFERENCE = "floor.db"

_SCHEMA = """
CREATE TABLE packages (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL);
CREATE TABLE sites (id INTEGER PRIMARY KEY);
CREATE TABLE held (
  package INTEGER NOT NULL, site INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (package, site)
) WITHOUT ROWID;
"""

_MISSING = """
SELECT p.id, s.id FROM packages AS p CROSS JOIN sites AS s
WHERE NOT EXISTS (
  SELECT 1 FROM held AS h WHERE h.package = p.id AND h.site = s.id AND h.revision = p.revision
)
"""


def stat_files(folder: str) -> int:
    """Look at every file once."""
    return sum(entry.stat(follow_symlinks=False).st_size for entry in _files(folder))


def yaml_events(folder: str) -> int:
    """The C parser's events of every manifest; nothing is made of them."""
    import yaml  # noqa: PLC0415

    return sum(1 for text in _manifests(folder) for _ in yaml.parse(text, Loader=yaml.CSafeLoader))


def yaml_objects(folder: str) -> int:
    """Every manifest through PyYAML's own C loader."""
    import yaml  # noqa: PLC0415

    return sum(1 for text in _manifests(folder) for _ in yaml.load_all(text, Loader=yaml.CSafeLoader))


def sql_difference(folder: str) -> int:
    """The pairs that are missing, found inside SQLite."""
    return len(_connect(folder).execute(_MISSING).fetchall())


def set_difference(folder: str) -> int:
    """The same as sets of tuples."""
    connection = _connect(folder)
    packages = connection.execute("SELECT id, revision FROM packages").fetchall()
    sites = [site for (site,) in connection.execute("SELECT id FROM sites")]
    held = set(connection.execute("SELECT package, site, revision FROM held"))
    return len({(package, site, revision) for package, revision in packages for site in sites} - held)


FLOORS: Mapping[str, Callable[[str], int]] = {
    "stat": stat_files,
    "yaml-events": yaml_events,
    "yaml-objects": yaml_objects,
    "sql-difference": sql_difference,
    "set-difference": set_difference,
}


def prepare_difference(folder: str, *, packages: int, sites: int, missing: set[tuple[int, int]]) -> None:
    """Write the database in which the differences are looked for."""
    connection = sqlite3.connect(os.path.join(folder, DIFFERENCE))
    connection.executescript(_SCHEMA)
    connection.executemany("INSERT INTO packages VALUES (?, ?)", ((number, number) for number in range(packages)))
    connection.executemany("INSERT INTO sites VALUES (?)", ((number,) for number in range(sites)))
    connection.executemany(
        "INSERT INTO held VALUES (?, ?, ?)",
        (
            (package, site, package)
            for package in range(packages)
            for site in range(sites)
            if (package, site) not in missing
        ),
    )
    connection.commit()
    connection.close()


def _connect(folder: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{os.path.join(folder, DIFFERENCE)}?mode=ro", uri=True)


def _files(folder: str) -> "Iterator[os.DirEntry[str]]":
    for below in ("manifests", "sources"):
        folders = [os.path.join(folder, below)]
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        yield entry


def _manifests(folder: str) -> Iterator[bytes]:
    for entry in _files(os.path.join(folder)):
        if entry.name.endswith(".yaml"):
            with open(entry.path, "rb") as stream:
                yield stream.read()


def main() -> None:
    """Run one floor; what it imports first is no part of its work."""
    name, folder = sys.argv[1:]
    if name.startswith("yaml"):
        import yaml  # noqa: F401, PLC0415
    started = time.process_time()
    FLOORS[name](folder)
    print(time.process_time() - started)


if __name__ == "__main__":
    main()
