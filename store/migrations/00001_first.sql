-- +goose Up
-- Times are Unix milliseconds, 0 is none; lists are JSON. BYTEA is a type of
-- PostgreSQL; SQLite keeps bytes as they are under any type.
CREATE TABLE events (
    id          TEXT PRIMARY KEY,
    source      TEXT    NOT NULL,
    external_id TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    object      TEXT    NOT NULL,
    live        BOOLEAN NOT NULL,
    types       TEXT    NOT NULL,
    refs        TEXT    NOT NULL,
    redirect    TEXT    NOT NULL,
    data        BYTEA    NOT NULL,
    time        BIGINT  NOT NULL,
    received    BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    attempts    BIGINT  NOT NULL,
    claimed     BOOLEAN NOT NULL,
    due         BIGINT  NOT NULL,
    settled     BIGINT  NOT NULL,
    told        BOOLEAN NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX events_due ON events (due) WHERE state = 'pending';
CREATE INDEX events_object ON events (object);
CREATE INDEX events_untold ON events (id) WHERE state = 'failed' AND NOT told;

CREATE TABLE orders (
    id       TEXT PRIMARY KEY,
    event_id TEXT    NOT NULL REFERENCES events (id),
    source   TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    live     BOOLEAN NOT NULL,
    created  BIGINT  NOT NULL
);
CREATE INDEX orders_event ON orders (event_id);

CREATE TABLE passes (
    serial    TEXT PRIMARY KEY,
    key       TEXT   NOT NULL UNIQUE,
    order_id  TEXT   NOT NULL REFERENCES orders (id),
    event_id  TEXT   NOT NULL REFERENCES events (id),
    rule      TEXT   NOT NULL,
    template  TEXT   NOT NULL,
    item      TEXT   NOT NULL,
    unit      BIGINT NOT NULL,
    secret_id TEXT   NOT NULL,
    link_hash TEXT   NOT NULL UNIQUE,
    inputs    BYTEA   NOT NULL,
    void      TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    updated   BIGINT NOT NULL
);
CREATE INDEX passes_order ON passes (order_id);
CREATE INDEX passes_event ON passes (event_id);
CREATE INDEX passes_secret ON passes (secret_id);

CREATE TABLE pass_refs (
    ref    TEXT NOT NULL,
    serial TEXT NOT NULL REFERENCES passes (serial),
    PRIMARY KEY (ref, serial)
);

CREATE TABLE deliveries (
    id        TEXT PRIMARY KEY,
    order_id  TEXT    NOT NULL REFERENCES orders (id),
    channel   TEXT    NOT NULL,
    recipient TEXT    NOT NULL,
    resend_of TEXT    NOT NULL,
    created   BIGINT  NOT NULL,
    state     TEXT    NOT NULL,
    note      TEXT    NOT NULL,
    attempts  BIGINT  NOT NULL,
    claimed   BOOLEAN NOT NULL,
    due       BIGINT  NOT NULL,
    sent      BIGINT  NOT NULL,
    told      BOOLEAN NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due) WHERE state = 'pending';
CREATE INDEX deliveries_order ON deliveries (order_id);
CREATE INDEX deliveries_recipient ON deliveries (lower(recipient));
CREATE INDEX deliveries_state ON deliveries (state, id);
CREATE INDEX deliveries_untold ON deliveries (id) WHERE state = 'dead' AND NOT told;

CREATE TABLE delivery_passes (
    delivery_id TEXT   NOT NULL REFERENCES deliveries (id),
    position    BIGINT NOT NULL,
    serial      TEXT   NOT NULL REFERENCES passes (serial),
    PRIMARY KEY (delivery_id, position)
);
CREATE INDEX delivery_passes_serial ON delivery_passes (serial);
