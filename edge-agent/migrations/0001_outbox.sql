-- What waits for central's acknowledgement, oldest first. Messages of events and health events share (id, seq).
CREATE TABLE messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL CHECK (channel IN ('events', 'health')),
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    phase TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (id, seq)
);
CREATE INDEX messages_by_phase ON messages (phase, position);

-- The last message of every episode that is open, so that one that outlives its process is closed by the next.
CREATE TABLE open_episodes (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;

-- One row an hour; a row is merged until its hour is over, and sent again whenever its revision is newer than what was sent.
CREATE TABLE coverage (
    hour TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    sent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Single facts, such as when the agent was last known to be alive.
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- How much is stored, kept by triggers so that the bounds cost no scan.
CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    stored INTEGER NOT NULL,
    bytes INTEGER NOT NULL
);
INSERT INTO totals VALUES (1, 0, 0);
CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    UPDATE totals SET stored = stored + 1, bytes = bytes + length(NEW.body);
END;
CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    UPDATE totals SET stored = stored - 1, bytes = bytes - length(OLD.body);
END;
CREATE TRIGGER coverage_added AFTER INSERT ON coverage BEGIN
    UPDATE totals SET stored = stored + 1, bytes = bytes + length(NEW.body);
END;
CREATE TRIGGER coverage_changed AFTER UPDATE OF body ON coverage BEGIN
    UPDATE totals SET bytes = bytes - length(OLD.body) + length(NEW.body);
END;
CREATE TRIGGER coverage_removed AFTER DELETE ON coverage BEGIN
    UPDATE totals SET stored = stored - 1, bytes = bytes - length(OLD.body);
END;
