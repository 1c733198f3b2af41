"""A state as the first version of the program left it."""

import os
import shutil
import tempfile
from contextlib import closing

from reconciler.state import migrating
from reconciler.state.opening import connect

ROWS = (
    "INSERT INTO packages VALUES (1, 'till')",
    "INSERT INTO sites VALUES (1, 'DE1')",
    "INSERT INTO endpoints VALUES (1, 'directory:/srv/DE1')",
    "INSERT INTO revisions VALUES (1, 'sha256:c', 'sha256:s')",
    "INSERT INTO labels VALUES (1, 'workstation', '4.20')",
    "INSERT INTO pairs (package, site, mark, version) VALUES (1, 1, 1, 1)",
    "INSERT INTO send_only_jobs VALUES (1, 'k', 'send-till-1', 1, 1, 1, 1, 'content', 2, '[]', '[]', 'p', 1)",
    "INSERT INTO sends (job, package, site, number, priority, state, endpoint, recorded_at, changed_at, attempts)"
    " VALUES (1, 1, 1, 1, 2, 'sending', 1, 1, 1, 3)",
)


def schema_one(path: str) -> None:
    """Make it, with a send that was being carried out."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(migrating.FOLDER, "0001_initial.sql"), folder)
        connection = connect(path, write=True, migrations=folder)
        with closing(connection), connection.writing() as sqlite:
            for row in ROWS:
                sqlite.execute(row)
