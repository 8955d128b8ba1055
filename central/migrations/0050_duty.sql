-- Who is posted where, and when rules rest. No table here has a place for somebody's reason.

-- A shift: its hours and its breaks, lists of spans such as ["08:30-12:00"] as JSON.
CREATE TABLE shifts (
    hall   TEXT NOT NULL,
    id     TEXT NOT NULL,
    name   TEXT NOT NULL,
    hours  TEXT NOT NULL,
    breaks TEXT NOT NULL,
    PRIMARY KEY (hall, id)
);

-- The roster: window, shift and day of a staff member. Times are written down with it, one row for each span without
-- breaks, so that a shift that is changed later changes nothing that was.
CREATE TABLE posts (
    hall       TEXT   NOT NULL,
    day        TEXT   NOT NULL,
    shift      TEXT   NOT NULL,
    window_id  TEXT   NOT NULL,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT NOT NULL,
    PRIMARY KEY (hall, day, shift, window_id, account_id, from_at)
);
CREATE INDEX posts_of_account ON posts (account_id, from_at);
CREATE INDEX posts_by_time ON posts (hall, from_at);

-- Where a hall's days differ from the public calendar.
CREATE TABLE calendar_days (
    hall   TEXT    NOT NULL,
    day    TEXT    NOT NULL,
    worked BOOLEAN NOT NULL,
    PRIMARY KEY (hall, day)
);

-- Planned times without service, at one window or at all (window_id is null).
CREATE TABLE pauses (
    id         TEXT   PRIMARY KEY,
    hall       TEXT   NOT NULL,
    window_id  TEXT,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT NOT NULL
);
CREATE INDEX pauses_by_time ON pauses (hall, from_at);

-- Somebody stepped away from their window. Without an end it lasts until `until_at`.
CREATE TABLE aways (
    id         TEXT   PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hall       TEXT   NOT NULL,
    window_id  TEXT   NOT NULL,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL
);
CREATE INDEX aways_by_time ON aways (hall, from_at);

-- A rule that is off at a window in a shift.
CREATE TABLE accommodations (
    id        TEXT PRIMARY KEY,
    hall      TEXT NOT NULL,
    window_id TEXT NOT NULL,
    shift     TEXT NOT NULL,
    rule      TEXT NOT NULL,
    from_day  TEXT NOT NULL,
    to_day    TEXT
);

-- Events that such a time leaves out: they never ring and never count.
CREATE TABLE suspended (
    event_id TEXT PRIMARY KEY REFERENCES episodes (id) ON DELETE CASCADE,
    cause    TEXT NOT NULL
);

-- A staff member contests an event.
CREATE TABLE appeals (
    id         TEXT   PRIMARY KEY,
    event_id   TEXT   NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    account_id TEXT   NOT NULL,
    choice     TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    due        BIGINT NOT NULL,
    decision   TEXT,
    reason     TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    UNIQUE (event_id, account_id)
);
CREATE INDEX appeals_open ON appeals (due) WHERE decision IS NULL;

-- Screens on a wall that show service and health: only the hash of a link's token is kept.
CREATE TABLE displays (
    id         TEXT   PRIMARY KEY,
    hall       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    token_hash TEXT   NOT NULL UNIQUE,
    made_at    BIGINT NOT NULL
);

-- Where windows are on the floor, in cells from the top left.
CREATE TABLE floor_places (
    hall      TEXT   NOT NULL,
    window_id TEXT   NOT NULL,
    x         BIGINT NOT NULL,
    y         BIGINT NOT NULL,
    PRIMARY KEY (hall, window_id)
);
