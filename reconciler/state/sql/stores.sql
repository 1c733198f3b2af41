-- Which store is whose.

-- name: identity
SELECT state FROM identity

-- name: all
SELECT t.name, p.store FROM stores AS p JOIN sites AS t ON t.id = p.site ORDER BY t.name

-- name: pin
INSERT INTO stores (site, store, pinned_at) VALUES (:site, :store, :at)
ON CONFLICT (site) DO UPDATE SET store = :store, pinned_at = :at WHERE store <> :store

-- name: forget
DELETE FROM stores WHERE site = (SELECT id FROM sites WHERE name = ?)
