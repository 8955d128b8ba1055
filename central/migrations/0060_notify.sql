-- How alerts reach people who do not look at the page.

-- Up to which change alerts were taken up. One row.
CREATE TABLE notify_cursor (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    change BIGINT NOT NULL
);

-- Where a hall's alerts go: a group robot, or an e-mail address.
CREATE TABLE channels (
    id           TEXT    PRIMARY KEY,
    hall         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    secret       TEXT    NOT NULL,
    -- Whether messages name windows and rules; otherwise they carry a count and a link.
    detailed     BOOLEAN NOT NULL,
    severity     TEXT    NOT NULL,
    -- Only told of what nobody acknowledged in time.
    escalation   BOOLEAN NOT NULL,
    made_at      BIGINT  NOT NULL
);

-- A browser that asked for messages (Web Push).
CREATE TABLE push_subscriptions (
    id         TEXT   PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    endpoint   TEXT   NOT NULL UNIQUE,
    p256dh     TEXT   NOT NULL,
    auth       TEXT   NOT NULL,
    client     TEXT   NOT NULL,
    made_at    BIGINT NOT NULL
);

-- A hall's quiet hours (spans as JSON) and how long an alert may wait to be acknowledged.
CREATE TABLE notify_settings (
    hall          TEXT   PRIMARY KEY,
    quiet         TEXT   NOT NULL,
    escalate_s    BIGINT NOT NULL
);

-- Alerts that wait to be told over a channel or subscription; what was told stays here, so that nothing is told twice.
CREATE TABLE notify_pending (
    route    TEXT   NOT NULL,
    event_id TEXT   NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    stage    TEXT   NOT NULL,
    due_at   BIGINT NOT NULL,
    done     BIGINT,
    PRIMARY KEY (route, event_id, stage)
);
CREATE INDEX notify_pending_due ON notify_pending (due_at) WHERE done IS NULL;

-- Messages on their way.
CREATE TABLE deliveries (
    id       TEXT   PRIMARY KEY,
    route    TEXT   NOT NULL,
    hall     TEXT   NOT NULL,
    body     TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    next_at  BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    error    TEXT   NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting';
