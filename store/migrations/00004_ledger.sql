-- +goose Up
-- Events, deliveries and walks are worked on alike: a row that is pending is
-- due at a time, and rows of one lane (a source, a channel, a kind) are claimed
-- in that order. since is when its tries began.
ALTER TABLE events ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
UPDATE events SET since = received;
UPDATE events SET redirect = 'email ' || redirect WHERE redirect <> '';
DROP INDEX events_due;
CREATE INDEX events_due ON events (source, due) WHERE state = 'pending';
CREATE INDEX events_since ON events (since) WHERE state = 'pending';
CREATE INDEX events_stuck ON events (since) WHERE state = 'pending' AND attempts >= 5;
CREATE INDEX events_external ON events (external_id);
-- What is pending has indexes of its own, and SQLite would take this one.
CREATE INDEX events_state ON events (state, id) WHERE state <> 'pending';
-- SQLite takes this one rather than events_state for the two columns that it
-- compares, though the index holds no other values of them.
DROP INDEX events_untold;
CREATE INDEX events_untold ON events (state, told, id) WHERE state = 'failed' AND told = false;

ALTER TABLE deliveries ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
UPDATE deliveries SET since = created;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (channel, due) WHERE state = 'pending';
CREATE INDEX deliveries_since ON deliveries (since) WHERE state = 'pending';

DROP INDEX deliveries_state;
CREATE INDEX deliveries_state ON deliveries (state, id) WHERE state <> 'pending';
DROP INDEX deliveries_untold;
CREATE INDEX deliveries_untold ON deliveries (state, told, id) WHERE state = 'dead' AND told = false;
CREATE INDEX deliveries_dead ON deliveries (state, created, id) WHERE state = 'dead';
CREATE INDEX deliveries_resend ON deliveries (resend_of) WHERE resend_of <> '';

-- What changes more passes than one transaction should, a page at a time.
CREATE TABLE walks (
    id       TEXT PRIMARY KEY,
    kind     TEXT    NOT NULL,
    event_id TEXT    NOT NULL REFERENCES events (id),
    place    TEXT    NOT NULL,
    created  BIGINT  NOT NULL,
    state    TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    attempts BIGINT  NOT NULL,
    claimed  BOOLEAN NOT NULL,
    due      BIGINT  NOT NULL,
    since    BIGINT  NOT NULL,
    settled  BIGINT  NOT NULL,
    told     BOOLEAN NOT NULL
);
CREATE INDEX walks_due ON walks (kind, due) WHERE state = 'pending';
CREATE INDEX walks_since ON walks (since) WHERE state = 'pending';
CREATE INDEX walks_event ON walks (event_id);
CREATE INDEX walks_untold ON walks (id) WHERE state = 'failed' AND NOT told;

-- A pass knows whose it is without its order.
ALTER TABLE passes ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE passes ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE passes ADD COLUMN live BOOLEAN NOT NULL DEFAULT true;
UPDATE passes SET
    source  = (SELECT source FROM orders WHERE orders.id = order_id),
    account = (SELECT account FROM orders WHERE orders.id = order_id),
    live    = (SELECT live FROM orders WHERE orders.id = order_id);

-- A serial number leads to its pass only what passhook itself does.
UPDATE change_refs SET ref = 'serial:' || ref WHERE change_id IN
    (SELECT changes.id FROM changes JOIN events ON events.id = event_id WHERE source = 'passhook');
