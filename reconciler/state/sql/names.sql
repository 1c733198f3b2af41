-- Texts that are kept once, and their numbers.

-- name: packages_add
INSERT OR IGNORE INTO packages (name) VALUES (?)

-- name: packages
SELECT name, id FROM packages WHERE name IN (SELECT value FROM json_each(?))

-- name: sites_add
INSERT OR IGNORE INTO sites (name) VALUES (?)

-- name: sites
SELECT name, id FROM sites WHERE name IN (SELECT value FROM json_each(?))

-- name: endpoints_add
INSERT OR IGNORE INTO endpoints (endpoint) VALUES (?)

-- name: endpoints
SELECT endpoint, id FROM endpoints WHERE endpoint IN (SELECT value FROM json_each(?))

-- name: revision_add
INSERT OR IGNORE INTO revisions (content, setup) VALUES (?, ?)

-- name: revision
SELECT id FROM revisions WHERE content = ? AND setup = ?

-- name: label_add
INSERT OR IGNORE INTO labels (parts, version) VALUES (?, ?)

-- name: label
SELECT id FROM labels WHERE parts = ? AND version = ?

-- name: proof_add
INSERT OR IGNORE INTO proofs (proof, verifier) VALUES (?, ?)

-- name: proof
SELECT id FROM proofs WHERE proof = ? AND verifier = ?
