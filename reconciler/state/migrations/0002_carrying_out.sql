-- Who carries out which send, and which store is whose (docs/reference/state.md, docs/decisions/0016).

-- Drawn once: a store names the state it belongs to (L37).
CREATE TABLE identity (state TEXT NOT NULL);
INSERT INTO identity (state) VALUES (lower(hex(randomblob(16))));

-- The store enrolled for each site.
CREATE TABLE stores (
  site INTEGER PRIMARY KEY REFERENCES sites (id), store TEXT NOT NULL, pinned_at INTEGER NOT NULL
);

-- Processes that carry out sends. until, here and below: milliseconds of CLOCK_BOOTTIME, of the boot named by `boot`.
CREATE TABLE workers (
  id INTEGER PRIMARY KEY,
  worker TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started INTEGER NOT NULL,
  since INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  until INTEGER NOT NULL
);

-- One claim to a send at a time. That of a row which was closed stays until its worker ends or its lease does: until
-- then something may still be written at the site.
CREATE TABLE claims (
  send INTEGER PRIMARY KEY REFERENCES sends (id),
  site INTEGER NOT NULL REFERENCES sites (id),
  worker INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  until INTEGER NOT NULL,
  bytes_left INTEGER NOT NULL
);
CREATE INDEX claims_by_site ON claims (site);

-- What one worker has for itself: `site/NAME`, `package/NAME/DIGEST`.
CREATE TABLE takes (
  thing TEXT PRIMARY KEY,
  worker INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
  until INTEGER NOT NULL
) WITHOUT ROWID;
