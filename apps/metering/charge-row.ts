import type { ChargeEvent, ChargeLine, Rating } from '#contracts/charge.js';
import type { Delivered } from '#jetstream/handlers.js';
import { clickHouseHour, clickHouseTime } from './clickhouse-time.js';

/** A row of `charges`. */
export function chargeRow({ event }: Delivered<ChargeEvent>) {
  const { data } = event;
  return {
    org_id: event.org,
    event_id: event.id,
    usage_hash: data.usageHash,
    event_time: clickHouseTime(data.effectiveAt),
    hour: clickHouseHour(data.effectiveAt),
    usage_sequence: data.position.sequence,
    usage_index: data.position.index,
    request_id: data.requestId,
    team_id: data.teamId,
    project_id: data.projectId,
    key_id: data.keyId,
    channel_id: data.channelId,
    provider: data.provider,
    model: data.model,
    price_version: data.priceVersion,
    quantity: data.quantity,
    status: data.rating.status,
    ...ratingColumns(data.rating),
  };
}

function ratingColumns(rating: Rating) {
  if (rating.status !== 'charged') {
    return { reason: rating.reason.code, currency: '', amount: null, cost: null, ...lineColumns([]) };
  }
  const { currency, amount, cost, lines } = rating;
  return { reason: null, currency, amount, cost, ...lineColumns(lines) };
}

function lineColumns(lines: readonly ChargeLine[]) {
  return {
    input_tokens: sumOf(lines, 'in.'),
    output_tokens: sumOf(lines, 'out.'),
    line_model: lines.map((line) => line.model),
    line_dimension: lines.map((line) => line.dimension),
    line_quantity: lines.map((line) => line.quantity),
    line_unit_price: lines.map((line) => line.unitPrice),
    line_amount: lines.map((line) => line.amount),
  };
}

function sumOf(lines: readonly ChargeLine[], prefix: string): string {
  return lines
    .filter(({ dimension }) => dimension.startsWith(prefix))
    .reduce((sum, { quantity }) => sum + BigInt(quantity), 0n)
    .toString();
}
