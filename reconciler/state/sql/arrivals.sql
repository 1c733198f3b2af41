-- name: receipt
INSERT OR IGNORE INTO receipts (package, site, number, revision, label, verified_at, proof)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: receipt_instead
INSERT INTO receipts (package, site, number, revision, label, verified_at, proof)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (package, site, number) DO UPDATE SET
  revision = excluded.revision, label = excluded.label, verified_at = excluded.verified_at, proof = excluded.proof
WHERE revision <> excluded.revision

-- name: proved
SELECT r.content, r.setup, l.parts, l.version
FROM packages AS k
JOIN sites AS t ON t.name = :site
JOIN receipts AS a ON a.package = k.id AND a.site = t.id
JOIN revisions AS r ON r.id = a.revision
JOIN labels AS l ON l.id = a.label
WHERE k.name = :package AND a.number > :forgotten
ORDER BY a.number DESC
LIMIT 1

-- name: receipts
SELECT a.number, a.verified_at, f.proof, f.verifier, r.content, r.setup, l.parts, l.version
FROM packages AS k
JOIN sites AS t ON t.name = ?2
JOIN receipts AS a ON a.package = k.id AND a.site = t.id
JOIN revisions AS r ON r.id = a.revision
JOIN labels AS l ON l.id = a.label
JOIN proofs AS f ON f.id = a.proof
WHERE k.name = ?1
ORDER BY a.number DESC
