-- The price books: all rates of a version, or none of them. A book never changes.
CREATE TABLE IF NOT EXISTS rates
(
    price_version       LowCardinality(String),
    provider            LowCardinality(String),
    model               LowCardinality(String),
    tier                LowCardinality(String),
    above_input_tokens  UInt64,
    currency            LowCardinality(String),
    -- Dimension → price of one unit, in main units.
    unit_prices         Map(LowCardinality(String), Decimal(38, 12))
)
ENGINE = MergeTree
ORDER BY (price_version, provider, model, tier, above_input_tokens)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
