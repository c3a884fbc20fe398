-- ledger.db, version 5: destinations that an operator has paused. Here and not in queue.db, which may be rebuilt at any time.

CREATE TABLE pause (
  destination TEXT NOT NULL PRIMARY KEY,
  since       INTEGER NOT NULL,              -- Unix seconds
  actor       TEXT NOT NULL,                 -- who
  reason      TEXT NOT NULL
) WITHOUT ROWID;
