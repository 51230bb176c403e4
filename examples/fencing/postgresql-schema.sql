-- Once: the newest token that this database has seen of each election, and what the command writes.
CREATE TABLE IF NOT EXISTS term (election text PRIMARY KEY, token bigint NOT NULL);
CREATE TABLE IF NOT EXISTS result (name text PRIMARY KEY, value text NOT NULL);
