-- The change log itself, and a packed record of each member for caches that start empty. Only
-- additions with defaults: a release that does not know them works on. It writes neither, which the
-- columns of log_position show.

-- Whom each write transaction changed: one row for each position, also when it changed nobody.
-- worker_ids: the ids in their order, the first as it is, then the distances, with blanks between;
-- people: how many.
CREATE TABLE change_log (
-- sqlite:  position INTEGER PRIMARY KEY,
-- postgres:  position BIGINT PRIMARY KEY,
  record_time BIGINT NOT NULL,
  people INT NOT NULL,
  worker_ids TEXT NOT NULL
);

-- record: base64url of a Record (services/coverage/record.h) as the tables say at `position`, where
-- it changed last. Written with the change, read by a warm start; the truth stands in members and
-- person_months.
CREATE TABLE member_records (
-- sqlite:  worker_id INTEGER PRIMARY KEY,
-- postgres:  worker_id BIGINT PRIMARY KEY,
  position BIGINT NOT NULL,
  record TEXT NOT NULL
);

-- recorded: equal to position as long as every write since was by a program that records. When an
-- older one wrote it stays behind, until a newer one has mended member_records.
-- recorded_from: the log has a row for each position above it, up to recorded.
ALTER TABLE log_position ADD COLUMN recorded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_position ADD COLUMN recorded_from BIGINT NOT NULL DEFAULT 0;
