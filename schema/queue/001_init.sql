-- queue.db, version 1: an index of the spool files of one domain. Everything in it can be rebuilt from the files and the ledger.

CREATE TABLE item (
  item_id         INTEGER PRIMARY KEY AUTOINCREMENT,
  id              BLOB NOT NULL UNIQUE,      -- InstanceId, also the file's name
  sop_uid         TEXT NOT NULL,             -- pseudonymous, as all UIDs here
  sop_class       TEXT NOT NULL,
  transfer_syntax TEXT NOT NULL,
  study_uid       TEXT NOT NULL,
  pseudonym       TEXT NOT NULL,
  fingerprint     BLOB NOT NULL,
  bytes           INTEGER NOT NULL,          -- size of the spool file
  length          INTEGER NOT NULL,          -- bytes of the data set in it
  queued          INTEGER NOT NULL,          -- Unix seconds
  finished        INTEGER NOT NULL DEFAULT 0,-- 1 when every delivery is final: the file only waits for its pairs to be moved
  pairs_moved     INTEGER NOT NULL DEFAULT 0 -- 1 when its UID pairs are durable in map.db, 2 when they cannot be read (the file is then kept)
);
-- One live file per instance. A finished one does not count: the sender may send the instance again.
CREATE UNIQUE INDEX item_live ON item (sop_uid) WHERE finished = 0;
CREATE INDEX item_pairs ON item (item_id) WHERE pairs_moved = 0;

CREATE TABLE delivery (
  item_id         INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
  destination     TEXT NOT NULL,
  state           INTEGER NOT NULL DEFAULT 0,  -- 0 queued, 1 delivered, 2 parked, 3 withdrawn
  attempts        INTEGER NOT NULL DEFAULT 0,
  next_attempt    INTEGER NOT NULL DEFAULT 0,  -- Unix milliseconds
  sent_once       INTEGER NOT NULL DEFAULT 0,  -- 1 when a C-STORE of it once went out and its answer was not heard
  status          INTEGER NOT NULL DEFAULT 0,  -- last DIMSE status, 0 when none
  reason          TEXT NOT NULL DEFAULT '',    -- last error in words, without identity
  changed         INTEGER NOT NULL,
  PRIMARY KEY (item_id, destination)
) WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (destination, state, next_attempt, item_id);

-- What was sent on and whose UID pairs are not in map.db yet still says what it was, so that a revision is told from a repetition.
CREATE INDEX item_finished ON item (sop_uid) WHERE finished = 1;
