-- Writes a row, but not with a token older than the newest that this database has seen of the election:
--
--   psql -v election="$WHILE_LEADER_OF" -v token="$WHILE_LEADER_REVISION" -v name=total -v value=42 -f postgresql.sql
--
-- Status 0: written. 3: refused, nothing was written ("no rows returned for \gset"), or another error of SQL. 2: no connection.
--
-- One statement, so all of it or nothing. The row of the election is locked from the comparison until the commit: two leaders
-- that write at once do so one after the other, and the older one then compares with what the newer one left. With more than one
-- statement, begin the transaction with the first part and roll back when it returns no row.
\set ON_ERROR_STOP on
WITH newest AS (
  INSERT INTO term (election, token) VALUES (:'election', :'token')
  ON CONFLICT (election) DO UPDATE SET token = excluded.token WHERE term.token <= excluded.token
  RETURNING token
)
INSERT INTO result (name, value) SELECT :'name', :'value' FROM newest
ON CONFLICT (name) DO UPDATE SET value = excluded.value
RETURNING name AS written
\gset
