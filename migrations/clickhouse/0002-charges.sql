-- The projection of CHARGES: one row per (org_id, event_id), the first content, as in the ledger.
CREATE TABLE IF NOT EXISTS charges
(
    org_id           LowCardinality(String),
    event_id         String,
    usage_hash       String CODEC(ZSTD(1)),
    event_time       DateTime64(3, 'UTC'),
    hour             DateTime('UTC') CODEC(Delta, ZSTD(1)),
    usage_sequence   UInt64 CODEC(Delta, ZSTD(1)),
    usage_index      UInt32 CODEC(Delta, ZSTD(1)),
    request_id       String CODEC(ZSTD(1)),
    team_id          LowCardinality(String),
    project_id       LowCardinality(String),
    key_id           LowCardinality(String),
    channel_id       LowCardinality(String),
    provider         LowCardinality(String),
    model            LowCardinality(String),
    price_version    LowCardinality(String),
    status           LowCardinality(String),
    -- Why the event is not charged; NULL when it is.
    reason           LowCardinality(Nullable(String)),
    -- '' when nothing is charged: a key of the projection below cannot be NULL.
    currency         LowCardinality(String),
    -- Main units. NULL when nothing is charged: unknown is not zero.
    amount           Nullable(Decimal(38, 12)),
    cost             Nullable(Decimal(38, 12)),
    quantity         UInt128,
    -- Of the charge's lines, so of charged events only.
    input_tokens     UInt64,
    output_tokens    UInt64,
    line_model       Array(LowCardinality(String)),
    line_dimension   Array(LowCardinality(String)),
    line_quantity    Array(UInt64),
    line_unit_price  Array(Decimal(38, 12)),
    line_amount      Array(Decimal(38, 12)),

    PROJECTION by_event (SELECT org_id, event_id, usage_hash ORDER BY org_id, event_id),
    -- Unlike a materialized view, a projection is written with its part or not at all.
    PROJECTION spend
    (
        SELECT org_id, hour, team_id, project_id, key_id, model, provider, status, currency,
               count(), sum(amount), sum(cost), sum(input_tokens), sum(output_tokens)
        GROUP BY org_id, hour, team_id, project_id, key_id, model, provider, status, currency
    )
)
ENGINE = MergeTree
ORDER BY (org_id, hour, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
