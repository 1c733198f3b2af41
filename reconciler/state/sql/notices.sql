-- What stands, who is to be told, who was.

-- name: of_kind
SELECT subject, since FROM conditions WHERE kind = ?

-- name: standing
SELECT kind, subject, since FROM conditions WHERE subject <> '' ORDER BY kind, subject

-- name: begin
INSERT OR IGNORE INTO conditions (kind, subject, since) VALUES (:kind, :subject, :at)

-- name: over
DELETE FROM conditions WHERE kind = :kind AND subject = :subject

-- name: record
INSERT INTO notifications (id, event, at, subjects, count, mended, plan, commit_id)
VALUES (:id, :event, :at, :subjects, :count, :mended, :plan, :commit)

-- name: address
INSERT OR IGNORE INTO deliveries (notification, notifier, due) VALUES (?, ?, ?)

-- name: trim
DELETE FROM notifications
WHERE at < ? AND NOT EXISTS (
  SELECT 1 FROM deliveries AS d WHERE d.notification = notifications.number AND d.state = 'waiting'
)

-- name: due
SELECT n.number, n.id, n.event, n.at, n.subjects, n.count, n.mended, n.plan, n.commit_id, d.tries
FROM deliveries AS d JOIN notifications AS n ON n.number = d.notification
WHERE d.notifier = :notifier AND d.state = 'waiting' AND (d.due <= :at OR d.due > :latest)
ORDER BY d.notification
LIMIT 1

-- name: take
UPDATE deliveries SET tries = tries + 1, due = :due WHERE notification = :number AND notifier = :notifier

-- name: end
UPDATE deliveries SET state = :state, due = :at
WHERE notifier = :notifier AND state = 'waiting' AND notification = (SELECT number FROM notifications WHERE id = :id)

-- name: retain
UPDATE deliveries SET state = 'given-up'
WHERE state = 'waiting' AND notifier NOT IN (SELECT value FROM json_each(?))

-- name: waiting
SELECT notifier, count(*) FROM deliveries WHERE state = 'waiting' GROUP BY notifier ORDER BY notifier
