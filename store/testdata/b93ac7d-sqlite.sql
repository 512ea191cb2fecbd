-- A store that passhook made at commit b93ac7d, as sqlite3 .dump writes it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
INSERT INTO river_migration VALUES('main',1,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',2,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',3,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',4,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',5,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',6,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',7,'2026-11-24 17:56:53');
INSERT INTO river_migration VALUES('main',8,'2026-11-24 17:56:53');
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
INSERT INTO river_notification VALUES(1,'2026-11-24 17:56:53.607','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(2,'2026-11-24 17:56:53.609','{"queue": "delivery"}','river_insert');
INSERT INTO river_notification VALUES(3,'2026-11-24 17:56:53.611','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(4,'2026-11-24 17:56:53.613','{"queue": "delivery"}','river_insert');
INSERT INTO river_notification VALUES(5,'2026-11-24 17:56:53.615','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(6,'2026-11-24 17:56:53.617','{"queue": "delivery"}','river_insert');
INSERT INTO river_notification VALUES(7,'2026-11-24 17:56:53.618','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(8,'2026-11-24 17:56:53.621','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(9,'2026-11-24 17:56:53.624','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(10,'2026-11-24 17:56:53.627','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(11,'2026-11-24 17:56:53.628','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(12,'2026-11-24 17:56:53.630','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(13,'2026-11-24 17:56:53.631','{"queue": "event"}','river_insert');
INSERT INTO river_notification VALUES(14,'2026-11-24 17:56:53.633','{"queue": "event"}','river_insert');
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
INSERT INTO river_job VALUES(14,X'cc384777686174677265706c617937696473cb26c72430316132306562342d313866622d376237662d386435302d616136613132336537343732',0,NULL,NULL,'2026-11-24 17:56:53.633',NULL,NULL,'wake',3,X'cc26c71272697665723a756e697175655f6e6f6e6365c71033663762376438646465313931393739',1,'event','available','2026-11-24 17:56:53.633',X'0b',NULL,NULL);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-24 17:56:53');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-24 17:56:53');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-24 17:56:53');
INSERT INTO goose_db_version VALUES(4,3,1,'2026-11-24 17:56:53');
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
    data        BLOB    NOT NULL,
    time        BIGINT  NOT NULL,
    received    BIGINT  NOT NULL,
    state       TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    attempts    BIGINT  NOT NULL,
    claimed     BOOLEAN NOT NULL,
    due         BIGINT  NOT NULL,
    settled     BIGINT  NOT NULL,
    told        BOOLEAN NOT NULL, attention TEXT NOT NULL DEFAULT '', rule TEXT NOT NULL DEFAULT '',
    UNIQUE (source, external_id)
);
INSERT INTO events VALUES('01a20eb4-18e6-71ea-8b3f-9f12b772b16e','stripe','evt_1','','cs_1',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_1","pi_1","order-77"]','',X'7b22636c69656e745f7265666572656e63655f6964223a226f726465722d3737222c22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f31222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f31227d',1795197540000,1795197600000,'done','issued',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18ea-7b94-a1da-90092aae94cb','stripe','evt_2','','cs_2',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_2","pi_2"]','',X'7b22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f32222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f32227d',1795197540000,1795197600000,'done','issued',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18ee-7d6d-a9a4-6c668aa757ca','stripe','evt_3','','cs_3',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_3","pi_3"]','',X'7b22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f33222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f33227d',1795197540000,1795197600000,'done','issued',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18f2-7781-8891-deb290966da8','stripe','evt_seat','','pi_cs_1',1,'["stripe.charge.updated"]','["pi_cs_1"]','',X'7b7d',1795197600000,1795197600000,'done','update; 2 of 2 passes changed',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18f5-7563-9a70-e4bc2fef14bc','stripe','evt_refund','','pi_cs_2',1,'["stripe.charge.refunded"]','["pi_cs_2"]','',X'7b7d',1795197660000,1795197600000,'done','void refund; 2 of 2 passes changed',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18f8-73cf-9df8-67299b2364f2','passhook','evt_void','','serial-cs_1/0',1,'["passhook.pass.voided"]','["serial-cs_1/0"]','',X'7b7d',1795197720000,1795197600000,'done','void operator; 1 of 1 passes changed',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18fa-7a53-a5ca-d3c579088767','stripe','evt_4','','cs_4',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_4","pi_4"]','grace@example.com',X'7b22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f34222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f34227d',1795197540000,1795197600000,'pending','',0,0,1795197600000,0,0,'','');
INSERT INTO events VALUES('01a20eb4-18fb-7b7f-8d50-aa6a123e7472','stripe','evt_5','','cs_5',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_5","pi_5"]','',X'7b22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f35222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f35227d',1795197540000,1795197600000,'failed','template concert is gone',1,0,1795197645000,1795197600000,0,'','');
INSERT INTO events VALUES('01a20eb4-18fd-7828-a923-677547c8a513','stripe','evt_6','','cs_6',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_6","pi_6"]','',X'7b22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f36222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f36227d',1795197540000,1795197600000,'pending','stripe is down',1,0,1795197660000,0,0,'','');
INSERT INTO events VALUES('01a20eb4-18ff-73fa-96c1-73fb2045e7c4','stripe','evt_7','','cs_7',1,'["stripe.checkout.session.completed","stripe.checkout.paid"]','["cs_7","pi_7"]','',X'7b22637573746f6d65725f64657461696c73223a7b22656d61696c223a22616461406578616d706c652e636f6d222c226e616d65223a22416461204c6f76656c616365227d2c226964223a2263735f37222c226f626a656374223a22636865636b6f75742e73657373696f6e222c227061796d656e745f696e74656e74223a2270695f37227d',1795197540000,1795197600000,'failed','stays failed',1,0,1795197645000,1795197600000,0,'','');
CREATE TABLE orders (
    id       TEXT PRIMARY KEY,
    event_id TEXT    NOT NULL REFERENCES events (id),
    source   TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    live     BOOLEAN NOT NULL,
    created  BIGINT  NOT NULL
);
INSERT INTO orders VALUES('01a20eb4-18e8-70fe-acbd-e847b6ba78dc','01a20eb4-18e6-71ea-8b3f-9f12b772b16e','stripe','','cs_1',1,1795197600000);
INSERT INTO orders VALUES('01a20eb4-18ec-7436-b932-8fdae677e4cc','01a20eb4-18ea-7b94-a1da-90092aae94cb','stripe','','cs_2',1,1795197600000);
INSERT INTO orders VALUES('01a20eb4-18f0-7672-9437-f1fe7a5cfc27','01a20eb4-18ee-7d6d-a9a4-6c668aa757ca','stripe','','cs_3',1,1795197600000);
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
    inputs    BLOB   NOT NULL,
    void      TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    updated   BIGINT NOT NULL
, issued BLOB, void_on TEXT NOT NULL DEFAULT '["refund","dispute"]');
INSERT INTO passes VALUES('serial-cs_1/0','cs_1/0','01a20eb4-18e8-70fe-acbd-e847b6ba78dc','01a20eb4-18e6-71ea-8b3f-9f12b772b16e','concert','concert','li_1',0,'s1','hash-cs_1/0',X'7b226e616d65223a22416461204c6f76656c616365222c2273656174223a223943227d','["operator"]',1795197600000,1795197600000,X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','["refund","dispute"]');
INSERT INTO passes VALUES('serial-cs_1/1','cs_1/1','01a20eb4-18e8-70fe-acbd-e847b6ba78dc','01a20eb4-18e6-71ea-8b3f-9f12b772b16e','concert','concert','li_1',1,'s1','hash-cs_1/1',X'7b226e616d65223a22416461204c6f76656c616365222c2273656174223a223943227d','[]',1795197600000,1795197600000,X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','["refund","dispute"]');
INSERT INTO passes VALUES('serial-cs_2/0','cs_2/0','01a20eb4-18ec-7436-b932-8fdae677e4cc','01a20eb4-18ea-7b94-a1da-90092aae94cb','concert','concert','li_1',0,'s1','hash-cs_2/0',X'7b226e616d65223a22416461204c6f76656c616365222c2273656174223a223441227d','["refund"]',1795197600000,1795197600000,X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','["refund","dispute"]');
INSERT INTO passes VALUES('serial-cs_2/1','cs_2/1','01a20eb4-18ec-7436-b932-8fdae677e4cc','01a20eb4-18ea-7b94-a1da-90092aae94cb','concert','concert','li_1',1,'s1','hash-cs_2/1',X'7b226e616d65223a22416461204c6f76656c616365222c2273656174223a223441227d','["refund"]',1795197600000,1795197600000,X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','["refund","dispute"]');
INSERT INTO passes VALUES('serial-cs_3/0','cs_3/0','01a20eb4-18f0-7672-9437-f1fe7a5cfc27','01a20eb4-18ee-7d6d-a9a4-6c668aa757ca','concert','concert','li_1',0,'s1','hash-cs_3/0',X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','[]',1795197600000,1795197600000,X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','["refund","dispute"]');
INSERT INTO passes VALUES('serial-cs_3/1','cs_3/1','01a20eb4-18f0-7672-9437-f1fe7a5cfc27','01a20eb4-18ee-7d6d-a9a4-6c668aa757ca','concert','concert','li_1',1,'s1','hash-cs_3/1',X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','[]',1795197600000,1795197600000,X'7b226e616d65223a2022416461204c6f76656c616365222c202273656174223a20223441227d','["refund","dispute"]');
CREATE TABLE pass_refs (
    ref    TEXT NOT NULL,
    serial TEXT NOT NULL REFERENCES passes (serial),
    PRIMARY KEY (ref, serial)
);
INSERT INTO pass_refs VALUES('cs_1','serial-cs_1/0');
INSERT INTO pass_refs VALUES('pi_cs_1','serial-cs_1/0');
INSERT INTO pass_refs VALUES('order-77','serial-cs_1/0');
INSERT INTO pass_refs VALUES('cs_1','serial-cs_1/1');
INSERT INTO pass_refs VALUES('pi_cs_1','serial-cs_1/1');
INSERT INTO pass_refs VALUES('order-77','serial-cs_1/1');
INSERT INTO pass_refs VALUES('cs_2','serial-cs_2/0');
INSERT INTO pass_refs VALUES('pi_cs_2','serial-cs_2/0');
INSERT INTO pass_refs VALUES('cs_2','serial-cs_2/1');
INSERT INTO pass_refs VALUES('pi_cs_2','serial-cs_2/1');
INSERT INTO pass_refs VALUES('cs_3','serial-cs_3/0');
INSERT INTO pass_refs VALUES('pi_cs_3','serial-cs_3/0');
INSERT INTO pass_refs VALUES('cs_3','serial-cs_3/1');
INSERT INTO pass_refs VALUES('pi_cs_3','serial-cs_3/1');
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
, link_key TEXT NOT NULL DEFAULT '', secret_id TEXT NOT NULL DEFAULT '', link_hash TEXT NOT NULL DEFAULT '');
INSERT INTO deliveries VALUES('01a20eb4-18e8-7be4-b733-20ad66cf0d7e','01a20eb4-18e8-70fe-acbd-e847b6ba78dc','email','ada@example.com','',1795197600000,'sent','',1,0,1795197645000,1795197600000,0,'email ada@example.com','s1','page-1');
INSERT INTO deliveries VALUES('01a20eb4-18ec-7d4b-a9c9-3b755eba1ea1','01a20eb4-18ec-7436-b932-8fdae677e4cc','email','ada@example.com','',1795197600000,'dead','550 no such user',1,0,1795197645000,0,0,'email ada@example.com','s1','page-2');
INSERT INTO deliveries VALUES('01a20eb4-18f1-7172-b55d-ab8266047932','01a20eb4-18f0-7672-9437-f1fe7a5cfc27','email','ada@example.com','',1795197600000,'pending','',0,0,1795197600000,0,0,'email ada@example.com','s1','page-3');
CREATE TABLE delivery_passes (
    delivery_id TEXT   NOT NULL REFERENCES deliveries (id),
    position    BIGINT NOT NULL,
    serial      TEXT   NOT NULL REFERENCES passes (serial),
    PRIMARY KEY (delivery_id, position)
);
INSERT INTO delivery_passes VALUES('01a20eb4-18e8-7be4-b733-20ad66cf0d7e',0,'serial-cs_1/0');
INSERT INTO delivery_passes VALUES('01a20eb4-18e8-7be4-b733-20ad66cf0d7e',1,'serial-cs_1/1');
INSERT INTO delivery_passes VALUES('01a20eb4-18ec-7d4b-a9c9-3b755eba1ea1',0,'serial-cs_2/0');
INSERT INTO delivery_passes VALUES('01a20eb4-18ec-7d4b-a9c9-3b755eba1ea1',1,'serial-cs_2/1');
INSERT INTO delivery_passes VALUES('01a20eb4-18f1-7172-b55d-ab8266047932',0,'serial-cs_3/0');
INSERT INTO delivery_passes VALUES('01a20eb4-18f1-7172-b55d-ab8266047932',1,'serial-cs_3/1');
CREATE TABLE changes (
    id       TEXT PRIMARY KEY,
    event_id TEXT NOT NULL REFERENCES events (id),
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    template TEXT NOT NULL,
    inputs   BLOB NOT NULL,
    UNIQUE (event_id, name)
);
INSERT INTO changes VALUES('01a20eb4-18f3-7b98-9359-c1565eab9e95','01a20eb4-18f2-7781-8891-deb290966da8','rule seats','update','','',X'7b2273656174223a223943227d');
INSERT INTO changes VALUES('01a20eb4-18f6-7c36-b91c-81d132bfad82','01a20eb4-18f5-7563-9a70-e4bc2fef14bc','effect 1','void','refund','',X'');
INSERT INTO changes VALUES('01a20eb4-18f9-7908-ba54-57af8a42c74c','01a20eb4-18f8-73cf-9df8-67299b2364f2','operator','void','operator','',X'');
CREATE TABLE change_refs (
    ref       TEXT NOT NULL,
    change_id TEXT NOT NULL REFERENCES changes (id),
    PRIMARY KEY (ref, change_id)
);
INSERT INTO change_refs VALUES('pi_cs_1','01a20eb4-18f3-7b98-9359-c1565eab9e95');
INSERT INTO change_refs VALUES('pi_cs_2','01a20eb4-18f6-7c36-b91c-81d132bfad82');
INSERT INTO change_refs VALUES('serial-cs_1/0','01a20eb4-18f9-7908-ba54-57af8a42c74c');
CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO marks VALUES('cursor','evt_7');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('river_job',14);
INSERT INTO sqlite_sequence VALUES('goose_db_version',4);
INSERT INTO sqlite_sequence VALUES('river_notification',14);
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
CREATE INDEX events_due ON events (due) WHERE state = 'pending';
CREATE INDEX events_object ON events (object);
CREATE INDEX events_untold ON events (id) WHERE state = 'failed' AND NOT told;
CREATE INDEX orders_event ON orders (event_id);
CREATE INDEX passes_order ON passes (order_id);
CREATE INDEX passes_event ON passes (event_id);
CREATE INDEX passes_secret ON passes (secret_id);
CREATE INDEX deliveries_due ON deliveries (due) WHERE state = 'pending';
CREATE INDEX deliveries_order ON deliveries (order_id);
CREATE INDEX deliveries_recipient ON deliveries (lower(recipient));
CREATE INDEX deliveries_state ON deliveries (state, id);
CREATE INDEX deliveries_untold ON deliveries (id) WHERE state = 'dead' AND NOT told;
CREATE INDEX delivery_passes_serial ON delivery_passes (serial);
CREATE INDEX change_refs_change ON change_refs (change_id);
CREATE INDEX passes_created ON passes (created DESC, key);
CREATE INDEX passes_rule ON passes (rule, created DESC, key);
CREATE INDEX pass_refs_serial ON pass_refs (serial);
CREATE INDEX events_attention ON events (id) WHERE attention <> '' AND NOT told;
CREATE INDEX deliveries_link ON deliveries (link_hash, id);
CREATE INDEX orders_object ON orders (object);
CREATE INDEX events_account ON events (source, account) WHERE account <> '';
COMMIT;
