-- ledger.db, version 3: who has to be told that something is rejected and was told; what this node issued itself;
-- under which purpose and legal basis a destination was sent anything; moments that check asks for.
--   received + issued = duplicate + delivered + queued + parked + quarantined + dropped + discarded

CREATE TABLE issued (
  day         INTEGER NOT NULL PRIMARY KEY,  -- days since 1970-01-01 UTC
  count       INTEGER NOT NULL               -- instances that this node made and queued (rejection notes)
);

-- Set when the person was forgotten: pseudonym and SOP Instance UIDs never come back, whatever a spool file still says.
ALTER TABLE study ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;

-- The row of study_facts that counts it; NULL when none does: what a revision replaces counts no longer.
ALTER TABLE instance ADD COLUMN facts_id INTEGER;

CREATE TABLE withdrawal (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  note        BLOB NOT NULL,                 -- InstanceId of the rejection note; one that was received may reject in several studies
  study_uid   TEXT NOT NULL,
  pseudonym   TEXT NOT NULL,                 -- '' once forgotten
  code        TEXT NOT NULL,                 -- 113001, 113037, 113038 or 113039 (DCM)
  cause       TEXT NOT NULL,                 -- operator, reassigned, joined, revision, forgotten, received
  objects     INTEGER NOT NULL,              -- the note names
  whole_study INTEGER NOT NULL,
  ordered     INTEGER NOT NULL,              -- Unix seconds
  UNIQUE (note, study_uid)
);
CREATE INDEX withdrawal_by_study ON withdrawal (study_uid);

CREATE TABLE withdrawal_note (
  number      INTEGER NOT NULL REFERENCES withdrawal,
  destination TEXT NOT NULL,
  told        INTEGER NOT NULL DEFAULT 0,    -- Unix seconds of the delivery of the note; 0 = not yet. Outlives the rows of the note
  recorded    INTEGER NOT NULL DEFAULT 0,    -- 1 when the audit log has it
  PRIMARY KEY (number, destination)
) WITHOUT ROWID;
CREATE INDEX withdrawal_note_open ON withdrawal_note (number) WHERE recorded = 0;

-- What a withdrawal of our own names, so that nothing is named twice and an order that was interrupted can be finished.
-- An object that is sent again leaves this table: it is no longer rejected.
CREATE TABLE withdrawal_object (
  number      INTEGER NOT NULL REFERENCES withdrawal,
  sop_uid     TEXT NOT NULL,
  PRIMARY KEY (number, sop_uid)
) WITHOUT ROWID;
CREATE INDEX withdrawal_object_by_uid ON withdrawal_object (sop_uid);

CREATE TABLE legal (
  legal_id    INTEGER PRIMARY KEY,           -- ascending with since
  destination TEXT NOT NULL,
  since       INTEGER NOT NULL,              -- Unix seconds; holds until the next one of the destination
  purpose     TEXT NOT NULL,
  legal_basis TEXT NOT NULL,
  operator    TEXT NOT NULL,
  country     TEXT NOT NULL
);
CREATE INDEX legal_by_destination ON legal (destination, legal_id);

CREATE TABLE milestone (
  name        TEXT NOT NULL PRIMARY KEY,     -- backup, recovery-verified
  at          INTEGER NOT NULL               -- Unix seconds
) WITHOUT ROWID;
