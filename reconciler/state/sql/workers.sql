-- Who carries out sends, and what somebody has for himself.

-- name: seen
INSERT INTO workers (worker, host, boot, pid, started, since, seen, until)
VALUES (:worker, :host, :boot, :pid, :started, :at, :at, :until)
ON CONFLICT (worker) DO UPDATE SET seen = :at, until = :until
RETURNING id

-- name: one
SELECT worker, host, boot, pid, started FROM workers WHERE id = ?

-- name: all
SELECT
  w.id, w.until, w.since, w.seen,
  (SELECT json_group_array(c.until) FROM claims AS c JOIN sends AS s ON s.id = c.send
   WHERE c.worker = w.id AND s.state IN ('sending', 'verifying')),
  (SELECT json_group_array(t.thing) FROM takes AS t WHERE t.worker = w.id)
FROM workers AS w

-- name: unseen
SELECT id, until FROM workers WHERE seen < ?

-- name: forget
DELETE FROM workers WHERE id = ?

-- name: leave
DELETE FROM workers WHERE worker = ?

-- name: taken
SELECT worker, until FROM takes WHERE thing = ?

-- name: take
INSERT INTO takes (thing, worker, until) VALUES (:thing, :worker, :until)
ON CONFLICT (thing) DO UPDATE SET worker = excluded.worker, until = excluded.until

-- name: renew_takes
UPDATE takes SET until = :until WHERE worker = :number_of_worker AND until > :now

-- name: give_back
DELETE FROM takes WHERE thing = ? AND worker = (SELECT id FROM workers WHERE worker = ?)

-- name: claims_at
SELECT c.worker, c.until, c.bytes_left, s.number, k.name
FROM claims AS c
JOIN sends AS s ON s.id = c.send
JOIN packages AS k ON k.id = s.package
WHERE c.site = (SELECT id FROM sites WHERE name = ?)
