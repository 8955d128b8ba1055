-- The versions of each hall's rules; the digest is the content hash of the body, the text of a policy.toml.
CREATE TABLE policies (
    hall       TEXT   NOT NULL,
    digest     TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    account_id TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    saved_at   BIGINT NOT NULL,
    PRIMARY KEY (hall, digest)
);

-- A version sent to a hall's agents: by whom, when, to all of them or to some as a trial.
CREATE TABLE rollouts (
    id         TEXT    PRIMARY KEY,
    hall       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    whole      BOOLEAN NOT NULL,
    note       TEXT    NOT NULL,
    account_id TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    at         BIGINT  NOT NULL
);
CREATE INDEX rollouts_by_time ON rollouts (hall, at);

-- What each agent was asked to apply, and what it said. The row with the highest serial holds.
CREATE TABLE rollout_agents (
    rollout_id TEXT   NOT NULL,
    hall       TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    serial     BIGINT NOT NULL,
    version    TEXT   NOT NULL,
    applied    TEXT,
    applied_at BIGINT,
    PRIMARY KEY (hall, agent, serial)
);
CREATE INDEX rollout_agents_of ON rollout_agents (rollout_id);

-- What each agent last said of itself as a machine, and how far its clock was then from central's.
CREATE TABLE machines (
    hall       TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    arrived_at BIGINT NOT NULL,
    skew_s     DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (hall, agent)
);

-- Which calibration an agent had in force since when.
CREATE TABLE calibrations (
    hall   TEXT   NOT NULL,
    agent  TEXT   NOT NULL,
    since  BIGINT NOT NULL,
    digest TEXT   NOT NULL,
    PRIMARY KEY (hall, agent, since)
);

-- One-time tokens for new agents; only the hash of the secret is kept.
CREATE TABLE enrolments (
    id           TEXT   PRIMARY KEY,
    hall         TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    secret_hash  TEXT   NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT,
    used_from    TEXT,
    cancelled_at BIGINT
);

-- An enrolled agent's login at the broker: hashes for the embedded one (argon2id) and for mosquitto (PBKDF2).
CREATE TABLE logins (
    hall           TEXT   NOT NULL,
    agent          TEXT   NOT NULL,
    password_hash  TEXT,
    mosquitto_hash TEXT,
    enrolled_at    BIGINT,
    revoked_at     BIGINT,
    revoked_by     TEXT,
    PRIMARY KEY (hall, agent)
);
