-- map.db, version 1: the pseudonym map, the re-identification key of the hospital.
-- No identity stands here in clear. `*_index` columns are keyed blind indexes (HMAC-SHA-256 under the keyring's index key, first 16 bytes);
-- `sealed_*` columns are sealed values (crypto/seal.h) whose associated data is "table.column/row", the row being
-- the integer key or else the key columns in hexadecimal. A sealed value is NULL once the person was forgotten.

CREATE TABLE meta (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  keyring_id    BLOB NOT NULL,               -- the keyring this map belongs to
  created       INTEGER NOT NULL,            -- Unix seconds, as every time here
  journal_id    BLOB,                        -- the journal that holds everything in this file; NULL: none
  journal_seq   INTEGER NOT NULL DEFAULT 0   -- last record of that journal whose change is in this file
);

-- One per [[site]]. The normalisation of PatientID is fixed with the first patient: another one would split people.
CREATE TABLE site (
  site_id       INTEGER PRIMARY KEY AUTOINCREMENT,
  code          TEXT NOT NULL UNIQUE,        -- in pseudonyms, 1 to 4 of A-Z 0-9
  normalisation TEXT NOT NULL,
  sealed_salt   BLOB NOT NULL                -- device UIDs are mapped with it
);

CREATE TABLE patient (
  patient_id    INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused
  site_id       INTEGER NOT NULL REFERENCES site,
  pseudonym     TEXT NOT NULL UNIQUE,
  sealed_salt   BLOB,                        -- 32 bytes: every UID of this patient is computed from it
  sealed_offset BLOB,                        -- i64 days, negative
  sealed_person BLOB,                        -- id, issuer, name, birth date, sex as first seen
  created       INTEGER NOT NULL,
  state         INTEGER NOT NULL DEFAULT 0,  -- 0 active, 1 joined into `joined_to`, 2 forgotten
  joined_to     INTEGER REFERENCES patient
);

-- (site, identity domain, normalised PatientID) -> patient. Several keys of one patient are aliases.
CREATE TABLE patient_key (
  key_index     BLOB PRIMARY KEY,
  patient_id    INTEGER NOT NULL REFERENCES patient,
  sealed_id     BLOB NOT NULL,               -- PatientID and issuer as received
  first_seen    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX patient_key_by_patient ON patient_key (patient_id);

-- What else is known of a person, per site: for the two alarms and for the operator's look-up, never for joining.
CREATE TABLE person_index (
  kind          INTEGER NOT NULL,            -- 1 folded name + birth date + sex, 2 CPF, 3 CNS, 4 normalised PatientID without its domain
  value_index   BLOB NOT NULL,
  patient_id    INTEGER NOT NULL REFERENCES patient,
  PRIMARY KEY (kind, value_index, patient_id)
) WITHOUT ROWID;
CREATE INDEX person_index_by_patient ON person_index (patient_id);

-- A study that is given to another patient leaves a row in state 2 behind (its UIDs are never used again) and gets a new row.
CREATE TABLE study (
  study_id      INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused: stands in spool files
  patient_id    INTEGER NOT NULL REFERENCES patient,
  study_index   BLOB,                        -- of (site, StudyInstanceUID); NULL once forgotten
  study_uid     TEXT NOT NULL UNIQUE,        -- the pseudonymous one, 2.25....
  revision      INTEGER NOT NULL DEFAULT 0,  -- of every UID of the study; raised when it returns to a patient it was taken from
  sealed_uid    BLOB,                        -- StudyInstanceUID as received
  sealed_source BLOB,                        -- study-level originals for the way back (keep_originals), else NULL
  first_seen    INTEGER NOT NULL,
  state         INTEGER NOT NULL DEFAULT 0   -- 0 active, 1 withdrawn, 2 given to another patient, 3 forgotten
);
CREATE UNIQUE INDEX study_current ON study (study_index) WHERE state < 2;
CREATE INDEX study_by_patient ON study (patient_id);

-- One row per instance that was sent on: to know the same instance again from a revision of it.
CREATE TABLE instance (
  study_id      INTEGER NOT NULL REFERENCES study,
  sop           BLOB NOT NULL,               -- the 16 bytes of the UUID of its pseudonymous SOP Instance UID as first sent (before any revision)
  revision      INTEGER NOT NULL DEFAULT 0,  -- 0 as first sent; later ones have their own fingerprint and their own UID
  fingerprint   BLOB NOT NULL,               -- identity/subject.h
  PRIMARY KEY (study_id, sop, revision)
) WITHOUT ROWID;

-- Pseudonymous UID -> original, clustered by study; the other direction is computed.
CREATE TABLE uid_pair (
  study_id      INTEGER NOT NULL REFERENCES study,
  pseudo        BLOB NOT NULL,               -- the 16 bytes of the UUID
  sealed_uid    BLOB NOT NULL,               -- original; associated data "uid_pair.sealed_uid/<study_id>/<hex of pseudo>"
  PRIMARY KEY (study_id, pseudo)
) WITHOUT ROWID;

CREATE TABLE device (
  device_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  site_id       INTEGER NOT NULL REFERENCES site,
  device_index  BLOB NOT NULL UNIQUE,        -- of (site, manufacturer, model, serial number or else station name)
  label         TEXT NOT NULL,               -- CAM-01 ...
  sealed_device BLOB NOT NULL,               -- manufacturer, model, serial number, station name
  first_seen    INTEGER NOT NULL,
  UNIQUE (site_id, label)
);

-- Software versions and dates of last calibration seen of a device: a new row is an epoch of its calibration factor.
CREATE TABLE device_epoch (
  device_id     INTEGER NOT NULL REFERENCES device,
  epoch_index   BLOB NOT NULL,               -- of (device_index, software versions, date)
  sealed_epoch  BLOB NOT NULL,               -- software versions, DA of last calibration (true date) or empty
  first_seen    INTEGER NOT NULL,
  PRIMARY KEY (device_id, epoch_index)
) WITHOUT ROWID;

-- Keys of forgotten people: what returns under one is held. Survives restore through the journal.
CREATE TABLE tombstone (
  key_index     BLOB PRIMARY KEY,            -- of a patient key or of a study
  kind          INTEGER NOT NULL,            -- 1 patient key, 2 study
  forgotten     INTEGER NOT NULL
) WITHOUT ROWID;
