-- One look at the pairs that differ. One set of sites is looked at at a time, with all the packages that need it.

-- name: make_fleet
CREATE TEMP TABLE IF NOT EXISTS fleet (position INTEGER PRIMARY KEY, site INTEGER)

-- name: make_members
CREATE TEMP TABLE IF NOT EXISTS members (site INTEGER PRIMARY KEY, position INTEGER NOT NULL)

-- name: make_wanted
CREATE TEMP TABLE IF NOT EXISTS wanted (position INTEGER PRIMARY KEY, package INTEGER NOT NULL, revision INTEGER)

-- name: make_departed
CREATE TEMP TABLE IF NOT EXISTS departed (site INTEGER PRIMARY KEY)

-- name: sites
SELECT name, id FROM sites

-- name: other_open_sends
-- Those of all packages but these.
SELECT * FROM readable_sends
WHERE state IN ('queued', 'sending', 'verifying', 'backing-off')
  AND package NOT IN (SELECT value FROM json_each(?))
ORDER BY package, site

-- name: tokens
SELECT k.name, t.token FROM packages AS k LEFT JOIN touched AS t ON t.package = k.id

-- name: clear_fleet
DELETE FROM temp.fleet

-- name: clear_members
DELETE FROM temp.members

-- name: clear_wanted
DELETE FROM temp.wanted

-- name: clear_departed
DELETE FROM temp.departed

-- name: site
INSERT INTO temp.fleet (position, site) VALUES (?, ?)

-- name: members
INSERT INTO temp.members (site, position)
SELECT f.site, f.position FROM json_each(?) AS needed CROSS JOIN temp.fleet AS f ON f.position = needed.value
WHERE f.site IS NOT NULL

-- name: want
INSERT INTO temp.wanted (position, package, revision)
SELECT ?, k.id, (SELECT id FROM revisions WHERE content = ? AND setup = ?) FROM packages AS k WHERE k.name = ?

-- name: depart
INSERT INTO temp.departed (site) VALUES (?)

-- name: differences
-- A package to a row: how many of its pairs have one, the oldest verification among its ready pairs, and the pairs that
-- are not ready, as JSON. So one pass over the pairs, in the order in which they lie, answers all, and a ready pair
-- leaves SQLite as nothing. To look each pair up would take twice the time.
SELECT
  w.position,
  count(*),
  min(p.as_of) FILTER (WHERE p.kind = 3 AND p.revision = w.revision),
  json_group_array(json_array(
    m.position, p.kind, p.revision, p.label, p.as_of, p.detail, p.mark, p.version,
    (SELECT CASE WHEN s.state IN ('failed', 'cancelled') AND s.number > p.forgotten THEN s.id END
     FROM sends AS s WHERE s.package = p.package AND s.site = p.site
     ORDER BY s.number DESC LIMIT 1)
  )) FILTER (WHERE (p.kind = 3 AND p.revision = w.revision) IS NOT TRUE)
FROM temp.wanted AS w
CROSS JOIN pairs AS p ON p.package = w.package
CROSS JOIN temp.members AS m ON m.site = p.site
GROUP BY w.position

-- name: seen
-- Where a package has a row.
SELECT m.position
FROM temp.wanted AS w
CROSS JOIN pairs AS p ON p.package = w.package
CROSS JOIN temp.members AS m ON m.site = p.site
WHERE w.position = ?

-- name: held
SELECT r.content, r.setup, l.parts, l.version
FROM revisions AS r
JOIN labels AS l ON l.id = ?
WHERE r.id = ?

-- name: wanted_held
SELECT w.position
FROM temp.wanted AS w
WHERE EXISTS (SELECT 1 FROM pairs AS p WHERE p.package = w.package AND p.kind = 3 AND p.revision = w.revision)

-- name: held_packages
SELECT k.name FROM packages AS k WHERE EXISTS (SELECT 1 FROM pairs AS p WHERE p.package = k.id AND p.kind = 3)

-- name: held_pairs
-- What was lost, recorded, staged or damaged; of the others, what has a receipt since its site was last removed.
SELECT count(*)
FROM pairs AS p
WHERE p.kind BETWEEN 1 AND 4 OR EXISTS (
  SELECT 1 FROM receipts AS a WHERE a.package = p.package AND a.site = p.site AND a.number > p.forgotten
)

-- name: departed
-- Looked up by package, as an index of the pairs by site would cost a third of the database.
SELECT t.name, k.name, p.version
FROM temp.departed AS d
CROSS JOIN packages AS k
CROSS JOIN pairs AS p ON p.package = k.id AND p.site = d.site
JOIN sites AS t ON t.id = d.site
WHERE p.kind <> 0
ORDER BY t.name, k.name
