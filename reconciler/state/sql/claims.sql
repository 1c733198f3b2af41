-- Claims to open sends. The columns of readable_sends come first, in the order in which rows.py reads them.

-- name: candidate
SELECT s.*, c.worker, c.until
FROM readable_sends AS s
LEFT JOIN claims AS c ON c.send = s.id
WHERE s.package = ? AND s.site = ? AND s.state IN ('queued', 'sending', 'verifying', 'backing-off')

-- name: claim
INSERT INTO claims (send, site, worker, until, bytes_left)
SELECT id, site, :worker, :until, :bytes_left FROM sends WHERE id = :send
ON CONFLICT (send) DO UPDATE SET worker = excluded.worker, until = excluded.until, bytes_left = excluded.bytes_left

-- name: living
SELECT s.*, c.worker, c.until
FROM claims AS c
CROSS JOIN readable_sends AS s ON s.id = c.send
WHERE s.state IN ('sending', 'verifying')
ORDER BY s.package, s.site

-- name: renew
UPDATE claims SET until = :until, bytes_left = :bytes_left
WHERE worker = :number_of_worker AND until > :now AND send = (
  SELECT id FROM sends
  WHERE package = (SELECT id FROM packages WHERE name = :package) AND site = (SELECT id FROM sites WHERE name = :site)
    AND number = :number AND attempts = :attempts AND state IN ('sending', 'verifying')
)
RETURNING send

-- name: beat
UPDATE sends SET
  state = :state, bytes_done = :bytes_done,
  changed_at = CASE WHEN state = :state THEN changed_at ELSE :at END
WHERE id = :send

-- name: fenced
-- The row, if this attempt is the one it knows.
SELECT s.*
FROM readable_sends AS s
JOIN claims AS c ON c.send = s.id
JOIN workers AS w ON w.id = c.worker
WHERE s.package = :package AND s.site = :site AND s.number = :number AND s.attempts = :attempts
  AND s.state IN ('sending', 'verifying') AND w.worker = :worker

-- name: free
DELETE FROM claims
WHERE worker = (SELECT id FROM workers WHERE worker = :worker) AND send = (
  SELECT id FROM sends
  WHERE package = (SELECT id FROM packages WHERE name = :package) AND site = (SELECT id FROM sites WHERE name = :site)
    AND number = :number AND attempts = :attempts
)

-- name: sweep
-- Of rows that were closed meanwhile.
DELETE FROM claims
WHERE until <= ? AND (SELECT state FROM sends WHERE id = claims.send) NOT IN (
  'queued', 'sending', 'verifying', 'backing-off'
)

-- name: latest
SELECT * FROM readable_sends WHERE package = ? AND site = ? ORDER BY number DESC LIMIT 1
