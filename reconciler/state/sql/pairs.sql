-- name: one
SELECT kind, content, setup, parts, label, as_of, detail, number, mark, version, forgotten
FROM readable_pairs
WHERE package = ? AND site = ?

-- name: keep
INSERT INTO pairs (package, site, kind, revision, label, as_of, detail, number, mark, version, forgotten)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (package, site) DO UPDATE SET
  kind = excluded.kind, revision = excluded.revision, label = excluded.label, as_of = excluded.as_of,
  detail = excluded.detail, number = excluded.number, mark = excluded.mark, version = excluded.version,
  forgotten = excluded.forgotten

-- name: turns
SELECT k.name, t.name, h.turns
FROM holds AS h
LEFT JOIN packages AS k ON k.id = h.package
LEFT JOIN sites AS t ON t.id = h.site

-- name: listed
SELECT
  k.name, t.name, p.number, p.mark, p.kind, r.content, r.setup, l.parts, l.version, p.as_of, p.detail
FROM packages AS k
CROSS JOIN pairs AS p ON p.package = k.id
JOIN sites AS t ON t.id = p.site
LEFT JOIN revisions AS r ON r.id = p.revision
LEFT JOIN labels AS l ON l.id = p.label
WHERE (:package IS NULL OR k.name = :package)
ORDER BY k.name, t.name

-- name: listed_at_site
SELECT
  k.name, t.name, p.number, p.mark, p.kind, r.content, r.setup, l.parts, l.version, p.as_of, p.detail
FROM sites AS t
CROSS JOIN packages AS k
CROSS JOIN pairs AS p ON p.package = k.id AND p.site = t.id
LEFT JOIN revisions AS r ON r.id = p.revision
LEFT JOIN labels AS l ON l.id = p.label
WHERE t.name = :site AND (:package IS NULL OR k.name = :package)
ORDER BY k.name
