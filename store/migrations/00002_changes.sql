-- +goose Up
-- What events did to passes. A pass is what it was issued as, with all changes
-- that share a ref with it applied in the order in which they happened; so they
-- may arrive in any order, and before the pass.
CREATE TABLE changes (
    id       TEXT PRIMARY KEY,
    event_id TEXT NOT NULL REFERENCES events (id),
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    template TEXT NOT NULL,
    inputs   BYTEA NOT NULL,
    UNIQUE (event_id, name)
);

CREATE TABLE change_refs (
    ref       TEXT NOT NULL,
    change_id TEXT NOT NULL REFERENCES changes (id),
    PRIMARY KEY (ref, change_id)
);
CREATE INDEX change_refs_change ON change_refs (change_id);

ALTER TABLE passes ADD COLUMN issued BYTEA;
ALTER TABLE passes ADD COLUMN void_on TEXT NOT NULL DEFAULT '["refund","dispute"]';
UPDATE passes SET issued = inputs;
CREATE INDEX passes_created ON passes (created DESC, key);
CREATE INDEX passes_rule ON passes (rule, created DESC, key);
CREATE INDEX pass_refs_serial ON pass_refs (serial);

ALTER TABLE events ADD COLUMN attention TEXT NOT NULL DEFAULT '';
CREATE INDEX events_attention ON events (id) WHERE attention <> '' AND NOT told;

-- A delivery's page is found by the hash of its link's token.
ALTER TABLE deliveries ADD COLUMN link_key TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN secret_id TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN link_hash TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_link ON deliveries (link_hash, id);
CREATE INDEX orders_object ON orders (object);

-- A backfill issues by one rule alone.
ALTER TABLE events ADD COLUMN rule TEXT NOT NULL DEFAULT '';

-- What passhook remembers about its sources, such as how far it has read.
CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
