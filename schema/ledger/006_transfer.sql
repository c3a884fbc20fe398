-- ledger.db, version 6: what was delivered of a study to a destination and is not in the audit log yet. A row goes when it is.

CREATE TABLE transfer (
  study_id    INTEGER NOT NULL REFERENCES study,
  destination TEXT NOT NULL,
  count       INTEGER NOT NULL,              -- instances delivered
  first       INTEGER NOT NULL,              -- Unix seconds of the first and last of them
  last        INTEGER NOT NULL,
  PRIMARY KEY (study_id, destination)
) WITHOUT ROWID;
CREATE INDEX transfer_by_last ON transfer (last);
