import type { EventSource } from './charged-events.js';

/** Of a modifier that means nothing special: NULL. */
const special = (column: string) =>
  `if(lowerUTF8(${column}) IN ('standard', 'default', 'on_demand', 'global', 'not_available'), NULL, lowerUTF8(${column}))`;

/** The name under which a price book lists the rate, such as `standard`, `batch` or `priority+geo=us`. */
const tier = `concat(
  if(batch, 'batch', ifNull(${special('tier_served')}, 'standard')),
  ifNull(concat('+speed=', ${special('speed')}), ''),
  ifNull(concat('+geo=', ${special('geo')}), ''),
  ifNull(concat('+traffic=', ${special('traffic')}), ''))`;

/** Of the contents that claim one event id, only the first on the log is charged. Conflicts are few, and marked. */
const contested = 'SELECT org_id, event_id FROM usage_events WHERE is_conflict AND usage_sequence <= {cut:UInt64}';
const isFirstContent = `(
  (org_id, event_id) NOT IN (${contested})
  OR (org_id, event_id, usage_hash) IN (
    SELECT org_id, event_id, argMin(usage_hash, (usage_sequence, usage_index)) FROM usage_events
    WHERE usage_sequence <= {cut:UInt64} AND (org_id, event_id) IN (${contested})
    GROUP BY org_id, event_id
  )
)`;

/**
 * Price × quantity in SQL, from usage events and price books alone. It knows nothing of libs/rating on purpose: two
 * computations that share no code can check each other. The rules are those of the price book's contract.
 */
export const recomputedEvents: EventSource = (where) => `
  SELECT org_id, hour, model, 'charged' AS status, min(line_currency) AS currency, event_id, usage_hash,
         sum(toUInt128(line_quantity)) AS quantity,
         sum(toDecimal256(unit_price, 12) * line_quantity) AS exact_amount,
         toDecimal128(exact_amount, 12) AS amount, amount AS cost
  FROM (
    SELECT org_id, hour, model, event_id, usage_hash, line_quantity,
           -- The rates come from the greatest size of input to the least: the first that fits is the one.
           arrayFirst(rate -> rate.1 = 0 OR rate.1 < line_input_tokens, rates) AS rate,
           rate.2 AS line_currency, rate.3[line_dimension] AS unit_price,
           line_currency != '' AND (line_quantity = 0 OR mapContains(rate.3, line_dimension)) AS is_priced
    FROM (
      SELECT org_id, hour, model, event_id, usage_hash, price_version, provider, ${tier} AS tier,
             line_model, line_dimension, line_quantity, line_input_tokens
      FROM usage_events
      ARRAY JOIN line_model, line_dimension, line_quantity, line_input_tokens
      WHERE usage_sequence <= {cut:UInt64} AND completeness = 'final' AND outcome != 'expired'
        AND ${isFirstContent} AND ${where}
    ) AS line
    LEFT JOIN (
      SELECT price_version, provider, model AS line_model, tier,
             arrayReverseSort(rate -> rate.1, groupArray((above_input_tokens, currency, unit_prices))) AS rates
      FROM rates GROUP BY price_version, provider, model, tier
    ) AS listed USING (price_version, provider, line_model, tier)
  )
  GROUP BY org_id, hour, model, event_id, usage_hash
  -- One quantity without a price leaves the whole event uncharged, and so do two currencies. The last two are the
  -- largest count and the largest amount, 2⁵³ − 1 and 10¹⁵ main units, that every engine of the house holds exactly.
  HAVING min(is_priced) AND min(line_currency) = max(line_currency)
     AND quantity <= 9007199254740991 AND exact_amount <= 1000000000000000`;
