-- ledger.db, version 2: what the instances of a study are, for readiness, time points and counts.
-- Pseudonymous: made of cleaned data sets, and kept when the rows of the instances are folded.

ALTER TABLE study ADD COLUMN pseudonym TEXT NOT NULL DEFAULT '';  -- of the patient; '' for a study of version 1
CREATE INDEX study_by_pseudonym ON study (pseudonym) WHERE pseudonym <> '';

CREATE TABLE study_facts (
  facts_id       INTEGER PRIMARY KEY,
  study_id       INTEGER NOT NULL REFERENCES study,
  facts          TEXT NOT NULL,            -- one line of JSON, equal for all slices of a series
  instances      INTEGER NOT NULL,         -- how many said so, each once
  first_day      INTEGER NOT NULL,         -- of the acknowledgement, days since 1970-01-01 UTC
  last_day       INTEGER NOT NULL,
  first_acquired TEXT NOT NULL DEFAULT '', -- YYYYMMDDHHMMSS.FFFFFF, moved by the patient's offset; '' when none of them says it
  last_acquired  TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX study_facts_by_study ON study_facts (study_id, facts);

-- An instance that is sent again gets a row of its own in `instance`, and counts once here.
DROP INDEX instance_by_study;
CREATE INDEX instance_by_study ON instance (study_id, sop_uid) WHERE study_id IS NOT NULL;
