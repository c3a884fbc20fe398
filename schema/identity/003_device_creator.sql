-- map.db, version 3: private creators of which elements were removed, counted per device, so that a new camera or a new software is noticed.
-- A statistic: not in the journal, written every few seconds, lost with a crash for that long.

CREATE TABLE device_creator (
  device_id      INTEGER NOT NULL,           -- row of `device`; 0: instances that name no device
  creator_index  BLOB NOT NULL,              -- of the creator; empty: the row of all that came after the device's first 256
  sealed_creator BLOB,                       -- as received; NULL in the row of the others
  instances      INTEGER NOT NULL,           -- of which an element was removed; in the row of the others once for each creator
  first_seen     INTEGER NOT NULL,
  last_seen      INTEGER NOT NULL,
  PRIMARY KEY (device_id, creator_index)
) WITHOUT ROWID;
