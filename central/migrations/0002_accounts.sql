-- Who may sign in. A leaver's row stays for the log's sake, without name, password and subject.
CREATE TABLE accounts (
    id            TEXT    PRIMARY KEY,
    name          TEXT    UNIQUE,
    display_name  TEXT    NOT NULL,
    -- Empty: no password opens it.
    password_hash TEXT    NOT NULL,
    must_change   BOOLEAN NOT NULL,
    role          TEXT    NOT NULL,
    disabled      BOOLEAN NOT NULL,
    -- Who it is at the OpenID Connect provider, where it comes from there.
    issuer        TEXT,
    subject       TEXT,
    created_at    BIGINT  NOT NULL,
    left_at       BIGINT,
    UNIQUE (issuer, subject)
);
-- The halls an account may see; '*' is every hall.
CREATE TABLE account_halls (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hall       TEXT NOT NULL,
    PRIMARY KEY (account_id, hall)
);
-- Wrong passwords by name, whether or not the name exists, so that a lock tells nothing.
CREATE TABLE lockouts (
    name         TEXT   PRIMARY KEY,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
-- Only the hash of a session's token is kept.
CREATE TABLE sessions (
    id         TEXT   PRIMARY KEY,
    token_hash TEXT   NOT NULL UNIQUE,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    csrf       TEXT   NOT NULL,
    -- How: password, totp, recovery_code or oidc; and with what browser.
    method     TEXT   NOT NULL,
    client     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_account ON sessions (account_id);

-- One-time codes (RFC 6238). A secret counts once a code was shown to be right; a step is good once.
CREATE TABLE totp (
    account_id   TEXT   PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret       TEXT   NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT NOT NULL
);
CREATE TABLE recovery_codes (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_hash  TEXT NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);
-- Sign-ins that are on their way through the OpenID Connect provider.
CREATE TABLE oidc_flows (
    cookie_hash TEXT   PRIMARY KEY,
    state       TEXT   NOT NULL,
    nonce       TEXT   NOT NULL,
    verifier    TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL
);

-- Who looked at conduct or changed who may, each entry bound to the one before by its hash. No names: accounts only.
CREATE TABLE audit (
    id         BIGINT PRIMARY KEY,
    at         BIGINT NOT NULL,
    -- Empty: central itself.
    account_id TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    -- What was in view; '*' is every hall, no window is every window, no times is all time.
    hall       TEXT,
    window_id  TEXT,
    event_id   TEXT,
    from_at    BIGINT,
    to_at      BIGINT,
    subject    TEXT   NOT NULL,
    hash       TEXT   NOT NULL
);
CREATE INDEX audit_by_hall ON audit (hall, at);
CREATE INDEX audit_by_event ON audit (event_id);
-- The last entry that retention deleted: where the chain begins now.
CREATE TABLE audit_start (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    id   BIGINT NOT NULL,
    hash TEXT   NOT NULL
);

-- What was deleted because its time was over: the newest run of each class.
CREATE TABLE retention_runs (
    class   TEXT   PRIMARY KEY,
    ran_at  BIGINT NOT NULL,
    before  BIGINT NOT NULL,
    deleted BIGINT NOT NULL
);

-- What to call halls and windows, and in which order; where it differs from central.toml this holds.
CREATE TABLE halls (
    id       TEXT   PRIMARY KEY,
    name     TEXT   NOT NULL,
    position BIGINT NOT NULL
);
CREATE TABLE hall_windows (
    hall     TEXT   NOT NULL REFERENCES halls (id) ON DELETE CASCADE,
    id       TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (hall, id)
);
