-- ledger.db, version 1: what became of every acknowledged instance.
--   received = duplicate + delivered + queued + parked + quarantined + dropped + discarded
-- per destination: assigned = delivered + queued + parked + withdrawn.   refused stands outside.
-- Every UID here is a pseudonymous one.

CREATE TABLE study (
  study_id    INTEGER PRIMARY KEY,
  study_uid   TEXT NOT NULL UNIQUE
);

CREATE TABLE instance (
  id          BLOB PRIMARY KEY,            -- InstanceId
  domain      INTEGER NOT NULL,            -- 0 archive, 1 hospital (the way back)
  day         INTEGER NOT NULL,            -- of the acknowledgement, days since 1970-01-01 UTC
  study_id    INTEGER REFERENCES study,    -- NULL when it was never de-identified
  sop_class   TEXT NOT NULL DEFAULT '',    -- with sop_uid: what an archive is asked for when deliveries are verified
  sop_uid     TEXT NOT NULL DEFAULT '',
  outcome     INTEGER NOT NULL,            -- 1 queued 2 delivered 3 parked 4 quarantined 5 dropped 6 discarded 7 duplicate
  reason      TEXT NOT NULL DEFAULT '',    -- of quarantined, dropped, discarded
  changed     INTEGER NOT NULL             -- Unix seconds
) WITHOUT ROWID;
CREATE INDEX instance_by_day ON instance (day, outcome);
CREATE INDEX instance_by_study ON instance (study_id) WHERE study_id IS NOT NULL;
-- What still has to have a spool file: a short list, walked at every start.
CREATE INDEX instance_open ON instance (id) WHERE outcome IN (1, 3);

CREATE TABLE assignment (
  id          BLOB NOT NULL REFERENCES instance,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,            -- 0 queued 1 delivered 2 parked 3 withdrawn
  status      INTEGER NOT NULL DEFAULT 0,  -- the destination's DIMSE status on delivery or parking
  changed     INTEGER NOT NULL,
  PRIMARY KEY (id, destination)
) WITHOUT ROWID;
CREATE INDEX assignment_by_destination ON assignment (destination, state);

-- Final rows older than the retention are folded into these, so that totals, reasons and the proof for a study outlive them.
CREATE TABLE day_total (
  domain      INTEGER NOT NULL,
  day         INTEGER NOT NULL,
  outcome     INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (domain, day, outcome, reason)
) WITHOUT ROWID;

CREATE TABLE day_destination (
  domain      INTEGER NOT NULL,
  day         INTEGER NOT NULL,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (domain, day, destination, state)
) WITHOUT ROWID;

CREATE TABLE study_total (
  study_id    INTEGER NOT NULL REFERENCES study,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  first       INTEGER NOT NULL,            -- Unix seconds of the first and last of them
  last        INTEGER NOT NULL,
  PRIMARY KEY (study_id, destination, state)
) WITHOUT ROWID;

CREATE TABLE refused (
  day         INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (day, reason)
) WITHOUT ROWID;
