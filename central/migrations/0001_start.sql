-- One set of tables for SQLite and PostgreSQL. Times are microseconds since 1970 (UTC); ids and names are text.
-- BOOLEAN becomes INTEGER on SQLite, which has no type of that name (see store/database.rs).

-- Every message about an event, as it arrived. (event_id, seq) is unique: nothing counts twice.
CREATE TABLE messages (
    event_id  TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    phase     TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (event_id, seq)
);

-- The current state of each episode: its message with the highest seq. Columns beside `body` exist to filter and join.
CREATE TABLE episodes (
    id         TEXT    PRIMARY KEY,
    hall       TEXT    NOT NULL,
    agent      TEXT    NOT NULL,
    window_id  TEXT,
    zone_id    TEXT,
    rule       TEXT    NOT NULL,
    severity   TEXT    NOT NULL,
    opened_at  BIGINT  NOT NULL,
    raised_at  BIGINT,
    closed_at  BIGINT,
    historical BOOLEAN NOT NULL,
    last_seq   BIGINT  NOT NULL,
    body       TEXT    NOT NULL
);
CREATE INDEX episodes_by_time ON episodes (hall, opened_at);
CREATE INDEX episodes_open ON episodes (hall) WHERE closed_at IS NULL;

-- Every message about a problem of the system itself, and the current state of each problem.
CREATE TABLE health_messages (
    problem_id TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    stored_at  BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    PRIMARY KEY (problem_id, seq)
);
CREATE TABLE problems (
    id         TEXT   PRIMARY KEY,
    hall       TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    raised_at  BIGINT,
    cleared_at BIGINT,
    last_seq   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX problems_open ON problems (hall) WHERE cleared_at IS NULL;

CREATE TABLE coverage (
    hall       TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    hour       BIGINT NOT NULL,
    window_id  TEXT   NOT NULL,
    signal     TEXT   NOT NULL,
    observed_s DOUBLE PRECISION NOT NULL,
    unknown_s  DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (hall, agent, hour, window_id, signal)
);

CREATE TABLE agents (
    hall       TEXT    NOT NULL,
    agent      TEXT    NOT NULL,
    online     BOOLEAN NOT NULL,
    version    TEXT,
    since      BIGINT,
    seen_at    BIGINT  NOT NULL,
    applied    TEXT,
    applied_at BIGINT,
    PRIMARY KEY (hall, agent)
);

-- Which windows and zones an agent has spoken of.
CREATE TABLE places (
    hall  TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    place TEXT    NOT NULL,
    agent TEXT    NOT NULL,
    PRIMARY KEY (hall, kind, place)
);

-- What changed, in order: the live stream resumes from it. It refers to rows and repeats none of their content.
-- The numbers are without gaps: they are given under the write lock, and the newest rows are always kept.
CREATE TABLE feed (
    id      BIGINT  PRIMARY KEY,
    at      BIGINT  NOT NULL,
    hall    TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    ring    BOOLEAN NOT NULL
);
