-- Sponsorship's first schema. Days are INT yyyymmdd, months INT yyyymm, money BIGINT rupiah, times
-- BIGINT milliseconds since 1970. Keys hold the pledge, so that the tables can be distributed by it.

CREATE TABLE sequences (noun TEXT PRIMARY KEY, next BIGINT NOT NULL);

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

-- Who did what.
CREATE TABLE events (
  seq BIGINT PRIMARY KEY,
  event_time BIGINT NOT NULL,
  actor TEXT NOT NULL,
  method TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL
);

CREATE TABLE sponsors (
  sponsor_id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  payer_class INT NOT NULL,
  create_time BIGINT NOT NULL
);

CREATE TABLE pledges (
  pledge_id BIGINT PRIMARY KEY,
  sponsor_id BIGINT NOT NULL,
  payer_class INT NOT NULL,
  group_code TEXT NOT NULL,
  seats INT NOT NULL CHECK (seats > 0),
  months INT NOT NULL CHECK (months > 0),
  programmes TEXT NOT NULL,
  wage_base BIGINT NOT NULL,
  sector INT NOT NULL,
  first_day INT NOT NULL,
  region_code TEXT NOT NULL,
  batch_id BIGINT NOT NULL,
  disabled_first INT NOT NULL,
  disabled_only INT NOT NULL,
  criteria_sector INT NOT NULL,
  min_age INT NOT NULL,
  max_age INT NOT NULL,
  max_income BIGINT NOT NULL,
  schedule TEXT NOT NULL,
  payment_code TEXT NOT NULL UNIQUE,
  invoice BIGINT NOT NULL CHECK (invoice > 0),
  due_day INT NOT NULL,
  received BIGINT NOT NULL CHECK (received >= 0),
  moved_to_credit BIGINT NOT NULL CHECK (moved_to_credit >= 0),
  cancelled INT NOT NULL,
  seats_filled INT NOT NULL,
  create_time BIGINT NOT NULL,
  CHECK (received <= invoice),
  CHECK (seats_filled >= 0 AND seats_filled <= seats)
);
CREATE INDEX pledges_sponsor ON pledges (sponsor_id, pledge_id);

-- Money that came in. A bank reference counts once, whoever sends it how often.
CREATE TABLE receipts (
  receipt_id BIGINT PRIMARY KEY,
  bank_reference TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  pledge_id BIGINT NOT NULL,
  contribution_id BIGINT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0),
  applied BIGINT NOT NULL CHECK (applied >= 0),
  credit BIGINT NOT NULL CHECK (credit >= 0),
  value_day INT NOT NULL,
  record_time BIGINT NOT NULL,
  CHECK (applied + credit = amount)
);
CREATE INDEX receipts_pledge ON receipts (pledge_id, receipt_id);

-- The ledger: append-only; the lines of one transaction sum to zero.
CREATE TABLE ledger_entries (
  transaction_id BIGINT NOT NULL,
  line INT NOT NULL,
  account TEXT NOT NULL,
  pledge_id BIGINT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount <> 0),
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  post_time BIGINT NOT NULL,
  PRIMARY KEY (transaction_id, line)
);
CREATE INDEX ledger_pledge ON ledger_entries (pledge_id, transaction_id, line);

-- The sum of each account's entries. Only the bank, the outside world, may be below zero.
CREATE TABLE accounts (
  account TEXT PRIMARY KEY,
  pledge_id BIGINT NOT NULL,
  balance BIGINT NOT NULL,
  CHECK (balance >= 0 OR account = 'bank')
);
CREATE INDEX accounts_pledge ON accounts (pledge_id, account);
INSERT INTO accounts (account, pledge_id, balance) VALUES ('bank', 0, 0);

-- Seats that were ever given. Person-months [0, paid_to) of the price schedule are paid and stand;
-- [from_index, paid_to) belong to the worker who holds it now. is_open: more can be paid.
-- busy: a replacement (its id) or an allocation (minus its id) is at work on it, so nobody else may.
-- skipped_by: the allocation that gave up on adding months for the holder.
CREATE TABLE seats (
  pledge_id BIGINT NOT NULL,
  seat_number INT NOT NULL CHECK (seat_number > 0),
  worker_id BIGINT NOT NULL,
  disabled INT NOT NULL,
  from_index INT NOT NULL CHECK (from_index >= 0),
  paid_to INT NOT NULL,
  first_day INT NOT NULL,
  last_day INT NOT NULL,
  is_open INT NOT NULL,
  busy BIGINT NOT NULL,
  skipped_by BIGINT NOT NULL,
  PRIMARY KEY (pledge_id, seat_number),
  CHECK (paid_to >= from_index)
);
-- One seat of a pledge for one worker.
CREATE UNIQUE INDEX seats_worker ON seats (pledge_id, worker_id) WHERE worker_id <> 0;
CREATE INDEX seats_open ON seats (pledge_id, seat_number) WHERE is_open = 1;

CREATE TABLE allocations (
  allocation_id BIGINT PRIMARY KEY,
  pledge_id BIGINT NOT NULL,
  state INT NOT NULL,
  seed TEXT NOT NULL,
  ranked INT NOT NULL,
  candidates INT NOT NULL,
  drawn INT NOT NULL,
  seats_wanted INT NOT NULL,
  seats_filled INT NOT NULL,
  refused INT NOT NULL,
  person_months BIGINT NOT NULL,
  spent BIGINT NOT NULL,
  chunks INT NOT NULL,
  steps_under_way INT NOT NULL CHECK (steps_under_way >= 0),
  slots_under_way INT NOT NULL CHECK (slots_under_way >= 0),
  next_seat INT NOT NULL,
  token TEXT NOT NULL,
  reserve_until INT NOT NULL,
  create_time BIGINT NOT NULL,
  end_time BIGINT NOT NULL,
  CHECK (drawn >= 0 AND drawn <= candidates)
);
-- One running allocation of a pledge (1 = RUNNING).
CREATE UNIQUE INDEX allocations_running ON allocations (pledge_id) WHERE state = 1;
CREATE INDEX allocations_pledge ON allocations (pledge_id, allocation_id);

-- The draw, never changed: allocations.drawn of them were taken, the rest is the reserve list.
CREATE TABLE allocation_lines (
  allocation_id BIGINT NOT NULL,
  draw_rank INT NOT NULL,
  worker_id BIGINT NOT NULL,
  disabled INT NOT NULL,
  PRIMARY KEY (allocation_id, draw_rank)
);

-- Drawn but not covered, and why.
CREATE TABLE refusals (
  allocation_id BIGINT NOT NULL,
  ordinal INT NOT NULL,
  worker_id BIGINT NOT NULL,
  code INT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (allocation_id, ordinal)
);

CREATE TABLE replacements (
  replacement_id BIGINT PRIMARY KEY,
  pledge_id BIGINT NOT NULL,
  state INT NOT NULL,
  rounds INT NOT NULL,
  token TEXT NOT NULL,
  create_time BIGINT NOT NULL
);
CREATE INDEX replacements_pledge ON replacements (pledge_id, replacement_id);

-- Lines of a replacement; state 0: to be taken back, 1: waits for a newcomer, 2: done.
CREATE TABLE replacement_lines (
  replacement_id BIGINT NOT NULL,
  line INT NOT NULL,
  pledge_id BIGINT NOT NULL,
  worker_id BIGINT NOT NULL,
  from_month INT NOT NULL,
  reason TEXT NOT NULL,
  state INT NOT NULL,
  seat_number INT NOT NULL,
  cut_index INT NOT NULL,
  to_index INT NOT NULL,
  new_worker_id BIGINT NOT NULL,
  membership_number TEXT NOT NULL,
  moved BIGINT NOT NULL,
  released BIGINT NOT NULL,
  code INT NOT NULL,
  error_reason TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (replacement_id, line)
);
CREATE INDEX replacement_lines_pledge ON replacement_lines (pledge_id, replacement_id, line);

CREATE TABLE contributions (
  contribution_id BIGINT PRIMARY KEY,
  payer_class INT NOT NULL,
  sponsor_id BIGINT NOT NULL,
  bank_reference TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0),
  wage_base BIGINT NOT NULL,
  sector INT NOT NULL,
  state INT NOT NULL,
  unused BIGINT NOT NULL CHECK (unused >= 0),
  token TEXT NOT NULL,
  create_time BIGINT NOT NULL
);

CREATE TABLE contribution_lines (
  contribution_id BIGINT NOT NULL,
  line INT NOT NULL,
  worker_id BIGINT NOT NULL,
  first_day INT NOT NULL,
  schedule TEXT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0),
  cover_first_day INT NOT NULL,
  cover_last_day INT NOT NULL,
  code INT NOT NULL,
  error_reason TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (contribution_id, line)
);
CREATE INDEX contribution_lines_worker ON contribution_lines (worker_id, contribution_id);
