-- name: known
SELECT key FROM send_only_jobs WHERE key IN (SELECT value FROM json_each(?))

-- name: pair
SELECT
  p.version, p.mark, p.kind,
  (SELECT j.name FROM sends AS s JOIN send_only_jobs AS j ON j.id = s.job
   WHERE s.package = p.package AND s.site = p.site
     AND s.state IN ('queued', 'sending', 'verifying', 'backing-off'))
FROM pairs AS p
WHERE p.package = (SELECT id FROM packages WHERE name = ?) AND p.site = (SELECT id FROM sites WHERE name = ?)

-- name: row
SELECT s.state, s.priority
FROM send_only_jobs AS j
JOIN sends AS s ON s.job = j.id
WHERE j.name = ?
  AND s.package = (SELECT id FROM packages WHERE name = ?) AND s.site = (SELECT id FROM sites WHERE name = ?)
ORDER BY s.number DESC
LIMIT 1

-- name: open_at_site
SELECT k.name
FROM sends AS s
JOIN packages AS k ON k.id = s.package
JOIN sites AS t ON t.id = s.site
WHERE t.name = ? AND s.state IN ('queued', 'sending', 'verifying', 'backing-off')

-- name: nothing_held_at_site
-- Looked up by package, as an index of the pairs by site would cost a third of the database.
SELECT k.name
FROM sites AS t
CROSS JOIN packages AS k
CROSS JOIN pairs AS p ON p.package = k.id AND p.site = t.id
WHERE t.name = ? AND p.kind = 0 AND p.mark > p.forgotten

-- name: raise
UPDATE sends SET priority = ?
WHERE package = (SELECT id FROM packages WHERE name = ?) AND site = (SELECT id FROM sites WHERE name = ?)
  AND state IN ('queued', 'sending', 'verifying', 'backing-off')

-- name: bump
UPDATE pairs SET version = version + 1
WHERE package = (SELECT id FROM packages WHERE name = ?) AND site = (SELECT id FROM sites WHERE name = ?)

-- name: job
INSERT INTO send_only_jobs
  (key, name, package, revision, label, origin, mode, priority, for_jobs, reasons, plan, recorded_at)
VALUES (
  :key, :name, :package, :revision, :label, :origin, :mode, :priority, :for_jobs, :reasons, :plan, :at
)

-- name: mark
INSERT INTO pairs (package, site, mark, version) VALUES (?, ?, ?, 1)
ON CONFLICT (package, site) DO UPDATE SET mark = excluded.mark, version = version + 1

-- name: send
INSERT INTO sends (job, package, site, number, priority, endpoint, bytes, recorded_at, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: spend
UPDATE acknowledgements SET spent = 1 WHERE plan = ? AND guard = ? AND spent = 0
