-- Coverage's tables. Days are yyyymmdd, months yyyymm, times milliseconds since 1970 (UTC), money
-- whole rupiah. Every table that grows has the worker's or the pledge's id first in its key, so it
-- can be distributed by it later; there are no foreign keys.

-- Position of the change log: counted up by each write transaction, which holds its row until the
-- commit. So writes commit in the order of their positions, and who sees position N sees all before.
-- epoch is where the first program that opened this database began to count: the microsecond of that
-- moment. So a new database's positions are above those of an older one with the same Redis, and no
-- two databases take each other's records for their own.
CREATE TABLE log_position (
  one INT PRIMARY KEY CHECK (one = 1),
  position BIGINT NOT NULL,
  epoch BIGINT NOT NULL
);
INSERT INTO log_position (one, position, epoch) VALUES (1, 0, 0);

-- The few facts of a person that a check needs, pushed by registry.
CREATE TABLE members (
  worker_id BIGINT NOT NULL PRIMARY KEY CHECK (worker_id > 0),
  nik_hash TEXT NOT NULL UNIQUE,
  membership_number TEXT UNIQUE CHECK (membership_number <> ''),
  region_code TEXT NOT NULL,
  utc_offset INT NOT NULL CHECK (utc_offset BETWEEN 7 AND 9),
  sector INT NOT NULL,
  death_day INT NOT NULL,
  withdraw_day INT NOT NULL,
  until_day INT NOT NULL,
  version BIGINT NOT NULL,
  position BIGINT NOT NULL,
  record_time BIGINT NOT NULL
)
-- sqlite: WITHOUT ROWID
;

-- What members held before their present row: "what did we know on that day". No hash and no
-- number: those stand for the person, not for a fact about him.
CREATE TABLE member_history (
  worker_id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  region_code TEXT NOT NULL,
  utc_offset INT NOT NULL,
  sector INT NOT NULL,
  death_day INT NOT NULL,
  withdraw_day INT NOT NULL,
  position BIGINT NOT NULL,
  record_time BIGINT NOT NULL,
  PRIMARY KEY (worker_id, version)
)
-- sqlite: WITHOUT ROWID
;

-- One worker, one programme, one month, one amount. revoked_position is 0 while the row stands, so
-- the key itself forbids a second standing person-month, whoever pays; a row that was taken back
-- keeps its place in the history under the position that took it back. One tree, no other index:
-- activation writes six of these for each worker.
CREATE TABLE person_months (
  worker_id BIGINT NOT NULL,
  programme INT NOT NULL CHECK (programme BETWEEN 1 AND 3),
  month INT NOT NULL CHECK (month BETWEEN 190001 AND 219912),
  revoked_position BIGINT NOT NULL CHECK (revoked_position >= 0),
  first_day INT NOT NULL,
  last_day INT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount >= 0),
  wage_base BIGINT NOT NULL,
  sector INT NOT NULL,
  payer_class INT NOT NULL,
  pledge_id BIGINT NOT NULL,
  contribution_id BIGINT NOT NULL,
  record_time BIGINT NOT NULL,
  booked_position BIGINT NOT NULL,
  revoke_time BIGINT NOT NULL,
  revoke_reason TEXT NOT NULL,
  CHECK (first_day <= last_day),
  CHECK ((revoked_position = 0) = (revoke_time = 0)),
  PRIMARY KEY (worker_id, programme, month, revoked_position)
)
-- sqlite: WITHOUT ROWID
;

-- For whom a pledge ever paid: the way from a pledge to its person-months.
CREATE TABLE pledge_workers (
  pledge_id BIGINT NOT NULL,
  worker_id BIGINT NOT NULL,
  PRIMARY KEY (pledge_id, worker_id)
)
-- sqlite: WITHOUT ROWID
;

CREATE TABLE sequences (
  noun TEXT PRIMARY KEY,
  next BIGINT NOT NULL
);

CREATE TABLE requests (
  request_id TEXT PRIMARY KEY,
  method TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  reply TEXT NOT NULL,
  record_time BIGINT NOT NULL
);
