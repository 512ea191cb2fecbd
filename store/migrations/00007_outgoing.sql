-- +goose Up
-- What became of passes, by the events that did it.
CREATE TABLE activity (
    id       TEXT PRIMARY KEY,
    serial   TEXT   NOT NULL REFERENCES passes (serial),
    kind     TEXT   NOT NULL,
    event_id TEXT   NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX activity_serial ON activity (serial, id);

-- What endpoints of others are told, a row for each of them: part of the ledger,
-- in lanes by endpoint. subject is a serial number or the id of a delivery.
CREATE TABLE outgoing (
    id       TEXT PRIMARY KEY,
    endpoint TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    event_id TEXT    NOT NULL,
    at       BIGINT  NOT NULL,
    state    TEXT    NOT NULL DEFAULT 'pending',
    note     TEXT    NOT NULL DEFAULT '',
    attempts BIGINT  NOT NULL DEFAULT 0,
    claimed  BOOLEAN NOT NULL DEFAULT false,
    due      BIGINT  NOT NULL,
    since    BIGINT  NOT NULL,
    settled  BIGINT  NOT NULL DEFAULT 0,
    told     BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX outgoing_due ON outgoing (endpoint, due) WHERE state = 'pending';
CREATE INDEX outgoing_untold ON outgoing (endpoint, id) WHERE state = 'dead' AND NOT told;
CREATE INDEX outgoing_event ON outgoing (event_id, id);
