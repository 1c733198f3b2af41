-- What people decide: holds and acknowledgements. 0 stands for every package or every site.

-- name: holds
SELECT k.name, t.name, h.actor, h.reason, h.since, h.until
FROM holds AS h
LEFT JOIN packages AS k ON k.id = h.package
LEFT JOIN sites AS t ON t.id = h.site
WHERE h.in_force
ORDER BY coalesce(k.name, ''), coalesce(t.name, '')

-- name: hold
INSERT INTO holds (package, site, turns, in_force, actor, reason, since, until)
VALUES (:package, :site, 1, 1, :actor, :reason, :since, :until)
ON CONFLICT (package, site) DO UPDATE SET
  turns = turns + 1, in_force = 1, actor = :actor, reason = :reason, since = :since, until = :until
WHERE NOT (in_force AND actor = :actor AND reason = :reason AND since = :since AND until IS :until)

-- name: release
UPDATE holds SET turns = turns + 1, in_force = 0 WHERE package = :package AND site = :site AND in_force

-- name: acknowledge
INSERT INTO acknowledgements (plan, guard, actions, actor, reason, at, expires)
VALUES (:plan, :guard, :actions, :actor, :reason, :at, :expires)
ON CONFLICT (plan, guard) DO UPDATE SET
  actions = :actions, actor = :actor, reason = :reason, at = :at, expires = :expires, spent = 0
WHERE NOT (
  actions = :actions AND actor = :actor AND reason = :reason AND at = :at AND expires = :expires
)

-- name: acknowledgements
SELECT plan, guard, actions, actor, reason, at, expires
FROM acknowledgements
WHERE NOT spent
ORDER BY plan, guard
