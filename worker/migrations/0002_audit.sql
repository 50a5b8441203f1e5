-- Who changed what, in the order of reading. `id` is ours: whoever asks may choose the request's.
CREATE TABLE audit (
  at_ms INTEGER NOT NULL,
  id TEXT NOT NULL,
  action TEXT NOT NULL,
  who TEXT NOT NULL,
  via TEXT NOT NULL,
  check_id TEXT,
  seq INTEGER,
  request_id TEXT,
  PRIMARY KEY (at_ms, id)
) WITHOUT ROWID;

-- The ledger page and the metrics read the incidents of ninety days across checks.
CREATE INDEX incidents_since ON incidents (since_ms);
