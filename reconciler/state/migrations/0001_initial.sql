-- Holdings, receipts, send-only jobs, holds, acknowledgements, history, passes (docs/reference/state.md).
-- A newer version may add tables, columns and indexes; what is here keeps its name and meaning, so that an older
-- program can still read.

PRAGMA application_id = 0x52434e4c;

-- Raised by every transaction that changes something a plan may depend on.
CREATE TABLE counter (version INTEGER NOT NULL);
INSERT INTO counter (version) VALUES (0);

-- Texts that come back in many rows are kept once.
CREATE TABLE packages (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE sites (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE endpoints (id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL UNIQUE);
-- setup is '' for content without a setup.
CREATE TABLE revisions (
  id INTEGER PRIMARY KEY, content TEXT NOT NULL, setup TEXT NOT NULL, UNIQUE (content, setup)
);
-- What is said of a revision and is no part of its identity: the parts of its setup, its version for people.
CREATE TABLE labels (id INTEGER PRIMARY KEY, parts TEXT NOT NULL, version TEXT NOT NULL, UNIQUE (parts, version));
CREATE TABLE proofs (id INTEGER PRIMARY KEY, proof TEXT NOT NULL, verifier TEXT NOT NULL, UNIQUE (proof, verifier));

-- One row for each pair ever sent to or seen. kind: 0 absent, 1 lost, 2 record-only, 3 staged, 4 damaged, 5 unknown.
-- as_of: when it was verified (3) or found (4). detail: the reason (5). number: of what is held; mark: the highest
-- ever seen; version: raised by what the planner reads; forgotten: the mark when the site was last removed (L31).
CREATE TABLE pairs (
  package INTEGER NOT NULL REFERENCES packages (id),
  site INTEGER NOT NULL REFERENCES sites (id),
  kind INTEGER NOT NULL DEFAULT 0 CHECK (kind BETWEEN 0 AND 5),
  revision INTEGER REFERENCES revisions (id),
  label INTEGER REFERENCES labels (id),
  number INTEGER NOT NULL DEFAULT 0,
  mark INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL,
  forgotten INTEGER NOT NULL DEFAULT 0,
  as_of INTEGER,
  detail TEXT,
  PRIMARY KEY (package, site),
  CHECK ((kind BETWEEN 1 AND 4) = (revision IS NOT NULL)),
  CHECK ((revision IS NULL) = (label IS NULL)),
  CHECK ((kind IN (3, 4)) = (as_of IS NOT NULL))
) WITHOUT ROWID;

-- Every arrival that was told, the late ones too (L26).
CREATE TABLE receipts (
  package INTEGER NOT NULL REFERENCES packages (id),
  site INTEGER NOT NULL REFERENCES sites (id),
  number INTEGER NOT NULL,
  revision INTEGER NOT NULL REFERENCES revisions (id),
  label INTEGER NOT NULL REFERENCES labels (id),
  verified_at INTEGER NOT NULL,
  proof INTEGER NOT NULL REFERENCES proofs (id),
  PRIMARY KEY (package, site, number)
) WITHOUT ROWID;

-- The key is a hash of the intent: recording it twice is one job (L8).
CREATE TABLE send_only_jobs (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  package INTEGER NOT NULL REFERENCES packages (id),
  revision INTEGER NOT NULL REFERENCES revisions (id),
  label INTEGER NOT NULL REFERENCES labels (id),
  origin INTEGER NOT NULL REFERENCES sites (id),
  mode TEXT NOT NULL CHECK (mode IN ('content', 'setup-only')),
  priority INTEGER NOT NULL,
  for_jobs TEXT NOT NULL,
  reasons TEXT NOT NULL,
  plan TEXT NOT NULL,
  recorded_at INTEGER NOT NULL
);
CREATE INDEX send_only_jobs_by_name ON send_only_jobs (name);

-- One row for each site of a send-only job; never without a state (L27), never backing off without a time (L21).
CREATE TABLE sends (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES send_only_jobs (id),
  package INTEGER NOT NULL REFERENCES packages (id),
  site INTEGER NOT NULL REFERENCES sites (id),
  number INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN (
    'queued', 'sending', 'verifying', 'backing-off', 'complete', 'failed', 'cancelled', 'superseded', 'obsolete'
  )),
  cause TEXT,
  detail TEXT NOT NULL DEFAULT '',
  endpoint INTEGER NOT NULL REFERENCES endpoints (id),
  recorded_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt INTEGER,
  bytes INTEGER NOT NULL DEFAULT 0,
  bytes_done INTEGER NOT NULL DEFAULT 0,
  UNIQUE (package, site, number),
  CHECK (state <> 'backing-off' OR next_attempt IS NOT NULL)
);
-- Two open sends for one pair cannot exist (R1, L15).
CREATE UNIQUE INDEX one_open_send_per_pair ON sends (package, site)
WHERE state IN ('queued', 'sending', 'verifying', 'backing-off');
CREATE INDEX sends_by_job ON sends (job);

-- Suspensions by hand; 0 stands for every package or every site. A row stays when its hold ends: turns counts how often
-- it was set or ended, and is part of the version of every pair it covers.
CREATE TABLE holds (
  package INTEGER NOT NULL,
  site INTEGER NOT NULL,
  turns INTEGER NOT NULL,
  in_force INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  PRIMARY KEY (package, site),
  CHECK (package <> 0 OR site <> 0)
) WITHOUT ROWID;

-- actions: a list in JSON.
CREATE TABLE acknowledgements (
  plan TEXT NOT NULL,
  guard TEXT NOT NULL,
  actions TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  spent INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (plan, guard)
) WITHOUT ROWID;

CREATE TABLE events (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  plan TEXT,
  commit_id TEXT,
  detail TEXT NOT NULL
);
CREATE INDEX events_by_subject ON events (subject);
CREATE TRIGGER events_are_not_rewritten BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TABLE passes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  plan TEXT NOT NULL,
  fleet_digest TEXT NOT NULL,
  commit_id TEXT,
  outcome TEXT NOT NULL,
  required INTEGER NOT NULL,
  ready INTEGER NOT NULL,
  blocked INTEGER NOT NULL
);

-- For people, and for reading whole rows.
CREATE VIEW readable_sends AS
SELECT
  s.id, j.name AS job, k.name AS package, t.name AS site, s.number, r.content, r.setup, j.mode, s.priority, s.state,
  s.cause, s.detail, e.endpoint, j.for_jobs, s.recorded_at, s.changed_at, s.attempts, s.next_attempt, s.bytes,
  s.bytes_done, p.version
FROM sends AS s
JOIN send_only_jobs AS j ON j.id = s.job
JOIN packages AS k ON k.id = s.package
JOIN sites AS t ON t.id = s.site
JOIN revisions AS r ON r.id = j.revision
JOIN endpoints AS e ON e.id = s.endpoint
JOIN pairs AS p ON p.package = s.package AND p.site = s.site;

CREATE VIEW readable_pairs AS
SELECT
  k.name AS package, t.name AS site, p.kind, r.content, r.setup, l.parts, l.version AS label, p.number, p.mark,
  p.version, p.forgotten, p.as_of, p.detail
FROM pairs AS p
JOIN packages AS k ON k.id = p.package
JOIN sites AS t ON t.id = p.site
LEFT JOIN revisions AS r ON r.id = p.revision
LEFT JOIN labels AS l ON l.id = p.label;
