/**
 * Text that every store keeps as it is. ClickHouse refuses a lone surrogate, PostgreSQL U+0000, and one that refuses
 * what the other took would stop or would disagree with it.
 */
export const PLAIN_TEXT = /^[^\p{Control}\p{Surrogate}]*$/u;
