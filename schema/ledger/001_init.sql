-- ledger.db, version 1: what became of every acknowledged instance.
--   received = duplicate + delivered + queued + parked + quarantined + dropped + discarded
-- per destination: assigned = delivered + queued + parked + withdrawn.   refused stands outside.

CREATE TABLE instance (
  id          BLOB PRIMARY KEY,            -- InstanceId
  day         INTEGER NOT NULL,            -- of the acknowledgement, days since 1970-01-01 UTC
  study_uid   TEXT NOT NULL,               -- pseudonymous; empty when it was never de-identified
  outcome     INTEGER NOT NULL,            -- 1 queued 2 delivered 3 parked 4 quarantined 5 dropped 6 discarded 7 duplicate
  reason      TEXT NOT NULL DEFAULT '',    -- of quarantined, dropped, discarded
  changed     INTEGER NOT NULL             -- Unix seconds
) WITHOUT ROWID;
CREATE INDEX instance_by_day ON instance (day, outcome);

CREATE TABLE assignment (
  id          BLOB NOT NULL REFERENCES instance,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,            -- 0 queued 1 delivered 2 parked 3 withdrawn
  status      INTEGER NOT NULL DEFAULT 0,  -- the destination's DIMSE status on delivery or parking
  changed     INTEGER NOT NULL,
  PRIMARY KEY (id, destination)
) WITHOUT ROWID;
CREATE INDEX assignment_by_destination ON assignment (destination, state);

-- Final rows older than the retention are folded into these.
CREATE TABLE day_total (
  day         INTEGER NOT NULL,
  outcome     INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (day, outcome)
) WITHOUT ROWID;

CREATE TABLE day_destination (
  day         INTEGER NOT NULL,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (day, destination, state)
) WITHOUT ROWID;

CREATE TABLE refused (
  day         INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (day, reason)
) WITHOUT ROWID;
