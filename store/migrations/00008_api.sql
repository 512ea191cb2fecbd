-- +goose Up
-- Files that passes have of their own, by the SHA-256 of their bytes.
CREATE TABLE files (
    id   TEXT PRIMARY KEY,
    data BYTEA NOT NULL
);

-- When a pass was redeemed, by whom, and under which key of theirs.
ALTER TABLE passes ADD COLUMN redeemed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE passes ADD COLUMN redeemed_by TEXT NOT NULL DEFAULT '';
CREATE INDEX passes_source ON passes (source, created DESC, key);

-- How many passes of a source were issued and changed on a day, as 2026-11-24.
-- Several parts keep those apart who count at once; their sum counts.
CREATE TABLE figures (
    source TEXT   NOT NULL,
    day    TEXT   NOT NULL,
    kind   TEXT   NOT NULL,
    part   BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    PRIMARY KEY (source, day, kind, part)
);
