-- ledger.db, version 4: what arrived, counted once more beside the rows, so that a report can say whether they add up; what a
-- fold keeps of a study by day and status; since when nothing has arrived into a study.
-- Every day is one of UTC: days since 1970-01-01.

-- received + issued of a day, counted when the row is made and never changed: what the outcomes are held against.
CREATE TABLE day_arrived (
  day         INTEGER NOT NULL PRIMARY KEY,
  count       INTEGER NOT NULL
);
INSERT INTO day_arrived (day, count)
  SELECT day, SUM(count) FROM (SELECT day, COUNT(*) AS count FROM instance GROUP BY day
    UNION ALL SELECT day, SUM(count) FROM day_total GROUP BY day) GROUP BY day;

-- The same of each destination: what delivered + queued + parked + withdrawn are held against.
CREATE TABLE day_assigned (
  day         INTEGER NOT NULL,
  destination TEXT NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (day, destination)
) WITHOUT ROWID;
INSERT INTO day_assigned (day, destination, count)
  SELECT day, destination, SUM(count) FROM (
    SELECT i.day, a.destination, COUNT(*) AS count FROM instance i JOIN assignment a USING (id) GROUP BY 1, 2
    UNION ALL SELECT day, destination, SUM(count) FROM day_destination GROUP BY 1, 2) GROUP BY 1, 2;

-- Folded beside study_total. What was folded under version 3 stands in study_total only: without day and status.
CREATE TABLE study_day (
  study_id    INTEGER NOT NULL REFERENCES study,
  day         INTEGER NOT NULL,
  outcome     INTEGER NOT NULL,
  issued      INTEGER NOT NULL,              -- 1: notes of this node
  count       INTEGER NOT NULL,
  PRIMARY KEY (study_id, day, outcome, issued)
) WITHOUT ROWID;
CREATE INDEX study_day_by_day ON study_day (day);
CREATE TABLE study_day_delivery (
  study_id    INTEGER NOT NULL REFERENCES study,
  day         INTEGER NOT NULL,
  destination TEXT NOT NULL,
  state       INTEGER NOT NULL,
  status      INTEGER NOT NULL,              -- of the destination
  issued      INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  first       INTEGER NOT NULL,              -- Unix seconds of the first and last of them
  last        INTEGER NOT NULL,
  PRIMARY KEY (study_id, day, destination, state, status, issued)
) WITHOUT ROWID;
CREATE INDEX study_day_delivery_by_day ON study_day_delivery (day);

-- Unix seconds. A study that arrives has completed = 0; last_arrival = 0: nothing ever arrived into it.
ALTER TABLE study ADD COLUMN last_arrival INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study ADD COLUMN completed INTEGER NOT NULL DEFAULT 0;
-- The time of arrival was not kept: the last change of an instance stands for it. What changed within a day may be arriving
-- still and is announced; older studies are not.
UPDATE study SET last_arrival = COALESCE(
  (SELECT MAX(changed) FROM instance i WHERE i.study_id = study.study_id),
  (SELECT MAX(last) FROM study_total t WHERE t.study_id = study.study_id), 0);
UPDATE study SET completed = last_arrival
  WHERE last_arrival <= CAST(strftime('%s', 'now') AS INTEGER) - 86400 OR forgotten = 1;
CREATE INDEX study_arriving ON study (last_arrival) WHERE completed = 0 AND last_arrival > 0;
CREATE INDEX study_completed ON study (completed) WHERE completed > 0;
