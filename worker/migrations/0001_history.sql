-- Copies for looking across checks; each check's own object owns the originals.
-- The primary key is the order of reading, so that a run costs one row written and no index entry.
CREATE TABLE runs (
  check_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  region TEXT NOT NULL,
  probe TEXT NOT NULL,
  "trigger" TEXT NOT NULL,
  outcome TEXT NOT NULL,
  failure TEXT,
  started_ms INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  waited_ms REAL NOT NULL,
  screenshot INTEGER NOT NULL,
  late INTEGER NOT NULL,
  config_hash TEXT NOT NULL,
  detail TEXT,
  PRIMARY KEY (check_id, received_ms, run_id)
) WITHOUT ROWID;

CREATE TABLE incidents (
  check_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (check_id, seq)
) WITHOUT ROWID;
