-- queue.db, version 2: what was sent on and whose UID pairs are not in map.db yet still says what it was, so that a revision is told from a repetition.
CREATE INDEX item_finished ON item (sop_uid) WHERE finished = 1;
