-- Seats for workers who are named, and who a seat is being filled for. Only additions with defaults:
-- a release that does not know them works on.

-- With `busy`: who gets the seat when the work on it ends well; 0 if nobody, or his own holder. Of no
-- account when the seat is not busy.
ALTER TABLE seats ADD COLUMN next_worker_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX seats_next_worker ON seats (pledge_id, next_worker_id)
  WHERE next_worker_id <> 0 AND busy <> 0;

-- What can be given next, however many seats are under way.
CREATE INDEX seats_free ON seats (pledge_id, seat_number) WHERE is_open = 1 AND busy = 0;

-- 1: its workers were named, there is no draw.
ALTER TABLE allocations ADD COLUMN named INT NOT NULL DEFAULT 0;
