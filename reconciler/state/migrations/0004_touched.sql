-- Who plans again and again looks only at the packages of which something changed (docs/reference/state.md).

-- Drawn anew with every change of a pair or a send of the package. It is drawn and not counted, so that the same token
-- means the same rows in a copy that was put back too.
CREATE TABLE touched (package INTEGER PRIMARY KEY, token INTEGER NOT NULL);

CREATE TRIGGER pair_added AFTER INSERT ON pairs
BEGIN
  INSERT INTO touched VALUES (NEW.package, random()) ON CONFLICT (package) DO UPDATE SET token = excluded.token;
END;
CREATE TRIGGER pair_changed AFTER UPDATE ON pairs
BEGIN
  INSERT INTO touched VALUES (NEW.package, random()) ON CONFLICT (package) DO UPDATE SET token = excluded.token;
END;
CREATE TRIGGER pair_removed AFTER DELETE ON pairs
BEGIN
  INSERT INTO touched VALUES (OLD.package, random()) ON CONFLICT (package) DO UPDATE SET token = excluded.token;
END;
CREATE TRIGGER send_added AFTER INSERT ON sends
BEGIN
  INSERT INTO touched VALUES (NEW.package, random()) ON CONFLICT (package) DO UPDATE SET token = excluded.token;
END;
CREATE TRIGGER send_changed AFTER UPDATE ON sends
BEGIN
  INSERT INTO touched VALUES (NEW.package, random()) ON CONFLICT (package) DO UPDATE SET token = excluded.token;
END;
CREATE TRIGGER send_removed AFTER DELETE ON sends
BEGIN
  INSERT INTO touched VALUES (OLD.package, random()) ON CONFLICT (package) DO UPDATE SET token = excluded.token;
END;
