-- The columns of readable_sends, in the order in which rows.py reads them.

-- name: open
SELECT * FROM readable_sends
WHERE state IN ('queued', 'sending', 'verifying', 'backing-off')
ORDER BY package, site

-- name: by_id
SELECT * FROM readable_sends WHERE id = ?

-- name: open_of_pair
SELECT * FROM readable_sends
WHERE package = ? AND site = ? AND state IN ('queued', 'sending', 'verifying', 'backing-off')

-- name: by_number
SELECT * FROM readable_sends WHERE package = ? AND site = ? AND number = ?

-- name: all
SELECT * FROM readable_sends ORDER BY job, site, number

-- name: all_open
SELECT * FROM readable_sends
WHERE state IN ('queued', 'sending', 'verifying', 'backing-off')
ORDER BY job, site

-- name: to_site
SELECT * FROM readable_sends
WHERE id IN (
  SELECT s.id
  FROM sites AS t
  CROSS JOIN packages AS k
  CROSS JOIN sends AS s ON s.package = k.id AND s.site = t.id
    AND s.state IN ('queued', 'sending', 'verifying', 'backing-off')
  WHERE t.name = ?
)
ORDER BY package

-- name: of_job
SELECT * FROM readable_sends WHERE job = ? ORDER BY site, number

-- name: recent
SELECT * FROM readable_sends
WHERE job IN (
  SELECT name FROM send_only_jobs WHERE id IN (
    SELECT job FROM sends WHERE state IN ('queued', 'sending', 'verifying', 'backing-off')
  )
  UNION
  SELECT name FROM (SELECT name FROM send_only_jobs ORDER BY recorded_at DESC, name LIMIT ?)
)
ORDER BY job, site, number

-- name: move
UPDATE sends SET
  state = :state, cause = :cause, detail = :detail, next_attempt = :next_attempt, attempts = :attempts,
  bytes_done = :bytes_done, changed_at = :changed_at
WHERE id = :id

-- name: end
UPDATE sends SET state = :state, cause = :cause, detail = '', next_attempt = NULL, changed_at = :at
WHERE package = (SELECT id FROM packages WHERE name = :package)
  AND site = (SELECT id FROM sites WHERE name = :site)
  AND state IN ('queued', 'sending', 'verifying', 'backing-off')

-- name: complete
UPDATE sends SET state = 'complete', cause = NULL, detail = '', next_attempt = NULL, changed_at = :at
WHERE id = :id
