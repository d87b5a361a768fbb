import type { UsageEvent } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import { billedModel, inputTokens, segmentQuantities, unitQuantities, type Usage } from '#usage/usage.js';
import { clickHouseHour, clickHouseTime } from './clickhouse-time.js';

/** A row of `usage_events`, but for what only the table knows. */
export function usageRow({ event, position }: Delivered<UsageEvent>) {
  const { data } = event;
  const { usage } = data;
  const modifiers = usage.modifiers ?? {};
  return {
    org_id: event.org,
    event_id: event.id,
    usage_hash: event.datahash,
    event_time: clickHouseTime(event.time),
    hour: clickHouseHour(event.time),
    usage_sequence: position.sequence,
    usage_index: position.index,
    request_id: data.requestId,
    attempt: data.attempt,
    outcome: data.outcome,
    http_status: data.httpStatus ?? null,
    started_at: clickHouseTime(data.startedAt),
    first_byte_at: data.firstByteAt === undefined ? null : clickHouseTime(data.firstByteAt),
    finished_at: clickHouseTime(data.finishedAt),
    team_id: data.teamId,
    project_id: data.projectId,
    key_id: data.keyId,
    channel_id: data.channelId,
    price_version: data.priceVersion,
    provider: usage.provider,
    api: usage.api,
    requested_model: usage.requestedModel ?? null,
    model: billedModel(usage),
    tier_served: modifiers.tierServed ?? null,
    batch: modifiers.batch ?? null,
    geo: modifiers.geo ?? null,
    speed: modifiers.speed ?? null,
    traffic: modifiers.traffic ?? null,
    completeness: usage.completeness,
    ...lineArrays(usage),
    raw_sha256: usage.raw?.sha256 ?? null,
  };
}

function lineArrays(usage: Usage) {
  const model = billedModel(usage);
  const lines = [
    ...usage.segments.flatMap((segment) =>
      segmentQuantities(segment).map((line) => ({
        ...line,
        model: segment.model ?? model,
        inputTokens: inputTokens(segment),
      })),
    ),
    ...unitQuantities(usage).map((line) => ({ ...line, model, inputTokens: 0 })),
  ];
  return {
    line_model: lines.map((line) => line.model),
    line_dimension: lines.map((line) => line.dimension),
    line_quantity: lines.map((line) => line.quantity),
    line_input_tokens: lines.map((line) => line.inputTokens),
  };
}
