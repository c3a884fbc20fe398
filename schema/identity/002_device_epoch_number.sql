-- map.db, version 2: the epochs of a device are numbered 1, 2, ... in the order in which they were first seen.
-- The number goes out with the studies ("the factor of epoch 2"), so it is kept and not counted anew from times that may be equal.

ALTER TABLE device_epoch ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE device_epoch SET number = 1 + (
  SELECT count(*) FROM device_epoch AS earlier
  WHERE earlier.device_id = device_epoch.device_id
    AND (earlier.first_seen, earlier.epoch_index) < (device_epoch.first_seen, device_epoch.epoch_index));
CREATE UNIQUE INDEX device_epoch_by_number ON device_epoch (device_id, number);
