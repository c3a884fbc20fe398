-- map.db, version 4: identity over its life (join, reassignment, withdrawal, forgetting, revisions, restore).

-- Restored without a journal: Unix seconds of the backup. While it is set, who or what is unknown is in doubt.
ALTER TABLE meta ADD COLUMN gap_since INTEGER;

-- 1: somebody was forgotten, and the WAL, copies of earlier versions and the journal may still hold the person: done at the next start.
ALTER TABLE meta ADD COLUMN forgetting INTEGER NOT NULL DEFAULT 0;

-- Series and SOP class of what was sent, so that a rejection note can name it: a few rows per study.
CREATE TABLE part (
  part_id       INTEGER PRIMARY KEY,
  study_id      INTEGER NOT NULL REFERENCES study,
  series        BLOB NOT NULL,               -- the 16 bytes of the UUID of the Series Instance UID as sent
  sop_class     TEXT NOT NULL,
  UNIQUE (study_id, series, sop_class)
);
ALTER TABLE instance ADD COLUMN part_id INTEGER REFERENCES part;  -- NULL: sent before version 4
ALTER TABLE instance ADD COLUMN sent BLOB;  -- the UUID of the SOP Instance UID it went out under; NULL: `sop`

-- Two patients under one name, CPF or CNS of whom a person has said that they are two.
CREATE TABLE distinct_person (
  patient_a     INTEGER NOT NULL REFERENCES patient,   -- the smaller number
  patient_b     INTEGER NOT NULL REFERENCES patient,
  PRIMARY KEY (patient_a, patient_b)
) WITHOUT ROWID;

-- 0: a new camera or software that came over a route which holds such, until a person has accepted it.
ALTER TABLE device_epoch ADD COLUMN accepted INTEGER NOT NULL DEFAULT 1;

-- Which revision a study gets that returns to a patient, and which row has a study now that was given away.
CREATE INDEX study_by_index ON study (study_index);

-- tombstone.key_index is, from this version on, a blind index of the blind index of a study (kind 2): what stood there stands nowhere any more.
-- patient in state 2 (forgotten) keeps its number only: pseudonym 'forgotten/<number>', everything sealed NULL.
