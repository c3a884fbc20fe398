-- map.db, version 5: how many rows uid_pair has. Counting tens of millions at each start takes longer than all the rest of it.

ALTER TABLE meta ADD COLUMN uid_pairs INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET uid_pairs = (SELECT count(*) FROM uid_pair);
