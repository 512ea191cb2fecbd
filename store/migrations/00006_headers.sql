-- +goose Up
-- The headers of a request that rules may read, a JSON object; empty: none.
ALTER TABLE events ADD COLUMN headers TEXT NOT NULL DEFAULT '';
