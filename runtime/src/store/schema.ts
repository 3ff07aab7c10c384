/**
 * The embedded engine's tables, as numbered migrations: `user_version` counts how many of them a file has had. Never edit
 * one that has been released; append the next.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE key_value (
    namespace  TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (namespace, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX key_value_expiry ON key_value (expires_at) WHERE expires_at IS NOT NULL;

  -- A job's step: 'scheduled' until it is due, 'queued' behind the front of its lane, then that front: 'ready' to be
  -- started, 'active', 'held' until a time, 'returned' to be started again; at last 'done' or 'dead'. Callers know all
  -- but the active and the finished as 'waiting'.
  CREATE TABLE job (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    queue         TEXT NOT NULL,
    id            TEXT NOT NULL,
    lane          TEXT NOT NULL,
    step          TEXT NOT NULL,
    data          TEXT NOT NULL,
    priority      INTEGER NOT NULL,
    run_at        INTEGER NOT NULL,
    due_at        INTEGER,
    created_at    INTEGER NOT NULL,
    attempts_made INTEGER NOT NULL DEFAULT 0,
    attempts      INTEGER,
    started       INTEGER NOT NULL DEFAULT 0,
    reason        TEXT,
    finished_at   INTEGER,
    UNIQUE (queue, id)
  ) STRICT;
  -- At most one front a lane, and the database itself refuses a second.
  CREATE UNIQUE INDEX job_front ON job (queue, lane) WHERE step IN ('ready', 'active', 'held', 'returned');
  CREATE INDEX job_ready ON job (queue, priority, sequence) WHERE step IN ('ready', 'returned');
  CREATE INDEX job_queued ON job (queue, lane, priority, sequence) WHERE step = 'queued';
  CREATE INDEX job_due ON job (queue, due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX job_done ON job (queue, finished_at) WHERE step = 'done';
  CREATE INDEX job_step ON job (queue, step, sequence);
  CREATE INDEX job_lane ON job (queue, lane, sequence);
  `,
  `
  -- Where a job stands among those of its priority: counted up when it is added, or falls due; 0 until then.
  ALTER TABLE job ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
  UPDATE job SET place = sequence WHERE step != 'scheduled';
  DROP INDEX job_ready;
  DROP INDEX job_queued;
  CREATE INDEX job_ready ON job (queue, priority, place) WHERE step IN ('ready', 'returned');
  CREATE INDEX job_queued ON job (queue, lane, priority, place) WHERE step = 'queued';
  CREATE INDEX job_place ON job (queue, place);
  `,
  `
  ALTER TABLE job ADD COLUMN note TEXT;

  -- Entries in their order. The last one stays when its time is over, for the count goes on from it.
  CREATE TABLE ledger (
    name     TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    id       TEXT NOT NULL,
    position INTEGER NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (name, sequence)
  ) STRICT;
  CREATE UNIQUE INDEX ledger_id ON ledger (name, id);
  CREATE INDEX ledger_position ON ledger (name, position);
  INSERT INTO ledger (name, sequence, id, position, body)
    SELECT 'events', json_extract(body, '$.sequence'), key, json_extract(body, '$.timestamp') * 1000, body
    FROM (SELECT key, json_extract(value, '$.value') AS body FROM key_value WHERE namespace = 'events')
    WHERE key != 'sequence';
  DELETE FROM key_value WHERE namespace = 'events';
  `,
];
