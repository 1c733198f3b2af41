-- A state of schema 1 has no workers.

-- name: has_workers
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'workers'

-- name: workers
SELECT worker, host, boot, pid, started, until FROM workers

-- name: forget_workers
DELETE FROM workers
