-- People: agencies, lists of candidates, workers, cards, and who did what.
-- Times are milliseconds since 1970, days yyyymmdd; 0 or '' where there is nothing.

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

CREATE TABLE outbox (
  seq BIGINT PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  due_time BIGINT NOT NULL,
  attempts INT NOT NULL,
  last_error TEXT NOT NULL DEFAULT '',
  parked INT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_key ON outbox (key, seq);
CREATE INDEX outbox_due ON outbox (parked, due_time);

CREATE TABLE agencies (
  agency_id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  kind INT NOT NULL CHECK (kind BETWEEN 1 AND 4),
  region_code TEXT NOT NULL,
  create_time BIGINT NOT NULL
);

-- One list. Its totals are counted in the transaction of each chunk; the checks keep them honest:
-- never more than declared, and exactly that once the list is complete (state 2 and up).
CREATE TABLE batches (
  batch_id BIGINT PRIMARY KEY,
  agency_id BIGINT NOT NULL,
  kind INT NOT NULL CHECK (kind BETWEEN 1 AND 2),
  decree_number TEXT NOT NULL,
  decree_day INT NOT NULL,
  declared_rows INT NOT NULL CHECK (declared_rows BETWEEN 1 AND 1000000),
  state INT NOT NULL CHECK (state BETWEEN 1 AND 4),
  list_day INT NOT NULL,
  accepted_rows INT NOT NULL CHECK (accepted_rows >= 0),
  rejected_rows INT NOT NULL CHECK (rejected_rows >= 0),
  duplicate_rows INT NOT NULL CHECK (duplicate_rows >= 0),
  warned_rows INT NOT NULL CHECK (warned_rows BETWEEN 0 AND accepted_rows),
  senders TEXT NOT NULL,                          -- actors who opened it or sent rows, one per line
  reviewed_by TEXT NOT NULL,
  review_time BIGINT NOT NULL,
  review_reason TEXT NOT NULL,
  working_attested INT NOT NULL,
  healthy_attested INT NOT NULL,
  attested_by TEXT NOT NULL,
  attested_day INT NOT NULL,
  document TEXT NOT NULL,
  create_time BIGINT NOT NULL,
  CHECK (accepted_rows + rejected_rows + duplicate_rows <= declared_rows),
  CHECK (state = 1 OR accepted_rows + rejected_rows + duplicate_rows = declared_rows),
  CHECK (state < 3 OR reviewed_by <> ''),
  CHECK (state <> 3 OR (working_attested = 1 AND healthy_attested = 1 AND attested_day > 0))
);

-- The answer to each row. No personal data: of a row that was not taken nothing else is kept.
-- content is the keyed hash of the row as it was sent, so that a changed line is noticed.
CREATE TABLE batch_rows (
  batch_id BIGINT NOT NULL,
  line BIGINT NOT NULL CHECK (line > 0),  -- as wide as in lists of lines, so that they hash
  status INT NOT NULL CHECK (status BETWEEN 1 AND 3),
  worker_id BIGINT NOT NULL,
  other_line INT NOT NULL,
  findings TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (batch_id, line)
);

-- One worker per NIK: the unique keyed hash is the guard. personal is sealed.
CREATE TABLE workers (
  worker_id BIGINT PRIMARY KEY,
  nik_hash TEXT NOT NULL UNIQUE,
  state INT NOT NULL CHECK (state BETWEEN 1 AND 7),
  membership_number TEXT UNIQUE,
  region_code TEXT NOT NULL,
  occupation TEXT NOT NULL,
  sector INT NOT NULL CHECK (sector BETWEEN 1 AND 2),
  personal TEXT NOT NULL,
  agency_id BIGINT NOT NULL,
  batch_id BIGINT NOT NULL,
  line INT NOT NULL,
  pledge_id BIGINT NOT NULL,
  death_day INT NOT NULL,
  withdraw_day INT NOT NULL,
  withdraw_reason TEXT NOT NULL,
  version BIGINT NOT NULL CHECK (version > 0),
  create_time BIGINT NOT NULL,
  enrol_time BIGINT NOT NULL,
  CHECK (state NOT IN (3, 7) OR membership_number IS NOT NULL),
  CHECK (state <> 6 OR death_day > 0),
  CHECK (state <> 5 OR withdraw_day > 0)
);
CREATE INDEX workers_state ON workers (state, worker_id);
CREATE INDEX workers_batch ON workers (batch_id, worker_id);

CREATE TABLE cards (
  worker_id BIGINT NOT NULL,
  issue INT NOT NULL CHECK (issue > 0),
  membership_number TEXT NOT NULL,
  issue_time BIGINT NOT NULL,
  issued_by TEXT NOT NULL,
  PRIMARY KEY (worker_id, issue)
);

-- Who did what, one row per mutation, only ever added to. note is sealed: reasons and sources are
-- free text.
CREATE TABLE events (
  seq BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  actor TEXT NOT NULL,
  method TEXT NOT NULL,
  subject TEXT NOT NULL,
  note TEXT NOT NULL
);

-- Each time that personal data were shown in the clear.
CREATE TABLE reveals (
  seq BIGINT PRIMARY KEY,
  time BIGINT NOT NULL,
  actor TEXT NOT NULL,
  worker_id BIGINT NOT NULL,
  purpose TEXT NOT NULL
);
CREATE INDEX reveals_worker ON reveals (worker_id, seq);
