-- Answers to requests with an idempotency key, for a day. The id is a hash of account and key, `asked` one of the request.
-- Without status the request is at work; without body it is done and its answer was not to be written down.
CREATE TABLE answers (
    id         TEXT   PRIMARY KEY,
    asked      TEXT   NOT NULL,
    claimed_at BIGINT NOT NULL,
    status     BIGINT,
    kind       TEXT,
    body       TEXT
);
CREATE INDEX answers_by_age ON answers (claimed_at);
