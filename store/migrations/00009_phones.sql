-- +goose Up
-- What phones have been told. It only grows, in the order of commits.
CREATE TABLE clock (tag BIGINT NOT NULL);
INSERT INTO clock (tag) VALUES (0);

-- A phone, or a watch, with the passes of one type: what it is to be woken for,
-- and what it was woken for and told of. Rows are worked on by pass type.
CREATE TABLE devices (
    id         TEXT PRIMARY KEY,
    library_id TEXT    NOT NULL,
    pass_type  TEXT    NOT NULL,
    push_token TEXT    NOT NULL,
    wanted     BIGINT  NOT NULL,
    pushed     BIGINT  NOT NULL,
    listed     BIGINT  NOT NULL,
    created    BIGINT  NOT NULL,
    state      TEXT    NOT NULL,
    note       TEXT    NOT NULL,
    attempts   BIGINT  NOT NULL,
    claimed    BOOLEAN NOT NULL,
    due        BIGINT  NOT NULL,
    since      BIGINT  NOT NULL,
    settled    BIGINT  NOT NULL,
    told       BOOLEAN NOT NULL,
    UNIQUE (library_id, pass_type)
);
CREATE INDEX devices_due ON devices (pass_type, due) WHERE state = 'pending';
CREATE INDEX devices_since ON devices (since) WHERE state = 'pending';

-- Which passes a phone has, the version that it should have, and the one that it
-- has fetched.
CREATE TABLE registrations (
    device  TEXT   NOT NULL REFERENCES devices (id),
    serial  TEXT   NOT NULL REFERENCES passes (serial),
    tag     BIGINT NOT NULL,
    fetched BIGINT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (device, serial)
);
CREATE INDEX registrations_serial ON registrations (serial, created);
CREATE INDEX registrations_stale ON registrations (tag, device) WHERE tag > fetched;

-- A template's passes, a page at a time.
CREATE INDEX passes_template ON passes (template, serial);

-- What phones say about passes.
CREATE TABLE phone_logs (
    id     TEXT PRIMARY KEY,
    serial TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    text   TEXT   NOT NULL
);
CREATE INDEX phone_logs_serial ON phone_logs (serial, id);
