-- +goose Up
-- What people are told beside their passes, and changes of what was sent: part
-- of the ledger, in lanes by channel.
CREATE TABLE messages (
    id          TEXT PRIMARY KEY,
    kind        TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    event_id    TEXT    NOT NULL,
    delivery_id TEXT    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'pending',
    note        TEXT    NOT NULL DEFAULT '',
    attempts    BIGINT  NOT NULL DEFAULT 0,
    claimed     BOOLEAN NOT NULL DEFAULT false,
    due         BIGINT  NOT NULL,
    since       BIGINT  NOT NULL,
    settled     BIGINT  NOT NULL DEFAULT 0,
    told        BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX messages_due ON messages (channel, due) WHERE state = 'pending';
CREATE INDEX messages_untold ON messages (state, told, id) WHERE state = 'dead' AND told = false;

-- Where the other side has put a delivery, if it can be changed there.
ALTER TABLE deliveries ADD COLUMN place TEXT NOT NULL DEFAULT '';
