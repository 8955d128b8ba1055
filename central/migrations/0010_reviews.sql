-- What center heads say of an event. The episode itself never changes; a row exists once somebody said something.
-- Names are not repeated here: they are looked up, so that a leaver's name goes in one place.
CREATE TABLE reviews (
    event_id        TEXT   PRIMARY KEY REFERENCES episodes (id) ON DELETE CASCADE,
    acknowledged_by TEXT,
    acknowledged_at BIGINT,
    verdict         TEXT,
    verdict_by      TEXT,
    verdict_at      BIGINT,
    note            TEXT,
    note_by         TEXT,
    note_at         BIGINT,
    snoozed_until   BIGINT,
    snooze_reason   TEXT,
    snoozed_by      TEXT,
    snoozed_at      BIGINT
);
CREATE INDEX reviews_by_verdict ON reviews (verdict);

-- Every step that led there, withdrawn ones included.
CREATE TABLE review_steps (
    id         TEXT   PRIMARY KEY,
    event_id   TEXT   NOT NULL REFERENCES episodes (id) ON DELETE CASCADE,
    account_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    step       TEXT   NOT NULL,
    detail     TEXT
);
CREATE INDEX review_steps_by_event ON review_steps (event_id, id);
