-- The projection of USAGE: one row per (org_id, event_id, usage_hash). Two contents of one id are two rows.
--
-- There is no PARTITION BY: a batch then becomes one part, which is written whole or not at all, projections included.
-- What is absent is NULL, or '' in lines' models and currencies where a name cannot be empty.
CREATE TABLE IF NOT EXISTS usage_events
(
    org_id             LowCardinality(String),
    event_id           String,
    usage_hash         String CODEC(ZSTD(1)),
    -- Another content of this event id was stored before: this one is quarantined, and never charged.
    is_conflict        Bool,
    event_time         DateTime64(3, 'UTC'),
    hour               DateTime('UTC') CODEC(Delta, ZSTD(1)),
    usage_sequence     UInt64 CODEC(Delta, ZSTD(1)),
    usage_index        UInt32 CODEC(Delta, ZSTD(1)),
    request_id         String CODEC(ZSTD(1)),
    attempt            UInt32,
    outcome            LowCardinality(String),
    http_status        Nullable(UInt16),
    started_at         DateTime64(3, 'UTC'),
    first_byte_at      Nullable(DateTime64(3, 'UTC')),
    finished_at        DateTime64(3, 'UTC'),
    team_id            LowCardinality(String),
    project_id         LowCardinality(String),
    key_id             LowCardinality(String),
    channel_id         LowCardinality(String),
    price_version      LowCardinality(String),
    provider           LowCardinality(String),
    api                LowCardinality(String),
    requested_model    LowCardinality(Nullable(String)),
    -- The model served, else the one requested: what spend is grouped by.
    model              LowCardinality(String),
    tier_served        LowCardinality(Nullable(String)),
    batch              Nullable(Bool),
    geo                LowCardinality(Nullable(String)),
    speed              LowCardinality(Nullable(String)),
    traffic            LowCardinality(Nullable(String)),
    completeness       LowCardinality(String),
    -- One element per quantity that the provider told, explicit zeros included.
    line_model         Array(LowCardinality(String)),
    line_dimension     Array(LowCardinality(String)),
    line_quantity      Array(UInt64),
    -- Σ in of the line's segment, in tokens: what selects the long-context price. 0 for what is billed by the piece.
    line_input_tokens  Array(UInt64),
    raw_sha256         Nullable(String) CODEC(ZSTD(1)),

    -- Finds which events of a batch are stored, whatever hour they claim.
    PROJECTION by_event (SELECT org_id, event_id, usage_hash ORDER BY org_id, event_id)
)
ENGINE = MergeTree
ORDER BY (org_id, hour, event_id)
-- An event is acknowledged once it is here: it has to outlive a power cut too.
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
