import { uuidv7 } from 'uuidv7';
import type { ChargeData, ChargeEvent } from '#contracts/charge.js';
import type { LogPosition } from '#contracts/cloud-event.js';
import { dataHash } from '#contracts/cloud-event.js';
import type { UsageEvent, UsageEventData } from '#contracts/usage-event.js';

/** A usage event as a relay writes it, of realistic size, for the tests and measurements of this library. */
export function exampleUsageEvent(org: string, id: string = uuidv7()): UsageEvent {
  const data: UsageEventData = {
    requestId: id,
    attempt: 1,
    outcome: 'completed',
    httpStatus: 200,
    startedAt: '2026-07-24T10:00:00.000Z',
    firstByteAt: '2026-07-24T10:00:00.180Z',
    finishedAt: '2026-07-24T10:00:01.402Z',
    teamId: 'team-research',
    projectId: 'project-search',
    keyId: 'key-1',
    channelId: 'openai-main',
    priceVersion: '2026-07-24-0123abcd',
    usage: {
      provider: 'openai',
      api: 'openai-chat',
      requestedModel: 'gpt-5-mini',
      servedModel: 'gpt-5-mini-2025-08-07',
      segments: [
        {
          kind: 'main',
          in: { fresh: { text: 812, audio: 0 }, cacheRead: { text: 1024 } },
          out: { text: 120, reasoning: 64, audio: 0 },
        },
      ],
      modifiers: { tierServed: 'default' },
      completeness: 'final',
      anomalies: [],
      raw: {
        json: '{"prompt_tokens":1836,"completion_tokens":184,"total_tokens":2020,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":64,"audio_tokens":0}}',
        sha256: 'a'.repeat(64),
      },
    },
  };
  return {
    specversion: '1.0',
    id,
    source: 'relay-1',
    type: 'tollgate.usage.v1',
    time: data.startedAt,
    datacontenttype: 'application/json',
    org,
    datahash: dataHash(data),
    data,
  };
}

/** The charge of a usage event that stands at `position` on USAGE. */
export function exampleChargeEvent(usage: UsageEvent, position: LogPosition): ChargeEvent {
  const { requestId, teamId, projectId, keyId, channelId, priceVersion, startedAt } = usage.data;
  const data: ChargeData = {
    usageHash: usage.datahash,
    position,
    effectiveAt: startedAt,
    requestId,
    teamId,
    projectId,
    keyId,
    channelId,
    provider: 'openai',
    model: 'gpt-5-mini-2025-08-07',
    priceVersion,
    quantity: '2020',
    rating: { status: 'suspended', reason: { code: 'price_missing', detail: 'No price.' } },
  };
  return { ...usage, source: 'pricing', type: 'tollgate.charge.v1', datahash: dataHash(data), data };
}
