-- +goose Up
-- The connected accounts that events came from.
CREATE INDEX events_account ON events (source, account) WHERE account <> '';
