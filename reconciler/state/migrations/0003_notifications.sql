-- Who is to be told of what, and was (docs/decisions/0021-notifications.md).

-- What stands, so that nobody is told of it twice: its key lets a second insertion be ignored. Gone when it is over.
-- subject '' marks that a kind was looked at, where the first look tells nothing.
CREATE TABLE conditions (
  kind TEXT NOT NULL, subject TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (kind, subject)
) WITHOUT ROWID;

-- subjects: a list of [subject, detail] in JSON, the first of `count`.
CREATE TABLE notifications (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  at INTEGER NOT NULL,
  subjects TEXT NOT NULL,
  count INTEGER NOT NULL,
  mended TEXT,
  plan TEXT,
  commit_id TEXT
);

-- due: while it waits, when it is tried (again); whoever tries puts it off first, so that two do not try at once.
CREATE TABLE deliveries (
  notification INTEGER NOT NULL REFERENCES notifications (number) ON DELETE CASCADE,
  notifier TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given-up')),
  tries INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL,
  PRIMARY KEY (notification, notifier)
) WITHOUT ROWID;
CREATE INDEX deliveries_that_wait ON deliveries (notifier, due) WHERE state = 'waiting';
