-- name: changed
UPDATE counter SET version = version + 1

-- name: version
SELECT version FROM counter

-- name: tell
INSERT INTO events (at, actor, action, subject, plan, commit_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: history
SELECT number, at, actor, action, subject, plan, commit_id, detail
FROM events
ORDER BY number DESC
LIMIT ?

-- name: history_of
SELECT number, at, actor, action, subject, plan, commit_id, detail
FROM events
WHERE subject = ?
ORDER BY number DESC
LIMIT ?

-- name: remember
INSERT INTO passes (at, actor, plan, fleet_digest, commit_id, outcome, required, ready, blocked)
SELECT :at, :actor, :plan, :fleet_digest, :commit, :outcome, :required, :ready, :blocked
WHERE NOT EXISTS (
  SELECT 1 FROM passes
  WHERE at = :at AND actor = :actor AND plan = :plan AND fleet_digest = :fleet_digest AND commit_id IS :commit
    AND outcome = :outcome AND required = :required AND ready = :ready AND blocked = :blocked
)

-- name: trim
DELETE FROM passes WHERE number <= (SELECT max(number) FROM passes) - ?

-- name: passes
SELECT at, actor, plan, fleet_digest, commit_id, outcome, required, ready, blocked
FROM passes
ORDER BY number DESC
LIMIT ?
