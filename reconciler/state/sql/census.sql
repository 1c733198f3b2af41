-- What there is, counted. Only open sends are looked at, however many have ended.

-- name: open
SELECT job, state, count(*), min(recorded_at) FROM sends
WHERE state IN ('queued', 'sending', 'verifying', 'backing-off')
GROUP BY job, state

-- name: verifications
SELECT t.name, min(p.as_of) FILTER (WHERE p.kind = 3), max(p.as_of) FILTER (WHERE p.kind = 3), max(p.kind <> 3)
FROM pairs AS p JOIN sites AS t ON t.id = p.site
WHERE p.kind NOT IN (0, 1, 2, 4)
GROUP BY p.site
ORDER BY t.name
