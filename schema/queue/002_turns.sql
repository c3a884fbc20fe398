-- queue.db, version 2: studies take turns, so that a large one does not keep a small one waiting.

-- A number of the study, equal for all of its instances: the first eight bytes of the SHA-256 of its UID, without the sign.
ALTER TABLE delivery ADD COLUMN study INTEGER NOT NULL DEFAULT 0;
-- What waited before this version is told apart by its study's first item: all that is needed is that studies differ.
UPDATE delivery SET study = (SELECT MIN(other.item_id) FROM item JOIN item AS other ON other.study_uid = item.study_uid WHERE item.item_id = delivery.item_id);
CREATE INDEX delivery_turn ON delivery (destination, state, study, next_attempt, item_id);
