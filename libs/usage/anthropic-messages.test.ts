import { describe, expect, it } from '@jest/globals';
import type { Usage } from './usage.js';
import { usageReader } from './usage-reader.js';

function read(usage: object): Usage {
  const reader = usageReader({ provider: 'anthropic', api: 'anthropic-messages' }, 'json');
  reader.push(Buffer.from(JSON.stringify({ model: 'claude', usage })));
  return reader.end();
}

function readStream(...events: { type: string }[]): Usage {
  const source = { provider: 'bedrock', api: 'anthropic-messages', requestedModel: 'claude-on-bedrock' } as const;
  const reader = usageReader(source, 'sse');
  for (const event of events) reader.push(Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
  return reader.end();
}

describe('usage of Anthropic messages', () => {
  it('tells the server tools, the tier, the region and the speed', () => {
    const usage = read({
      input_tokens: 5,
      output_tokens: 6,
      service_tier: 'batch',
      inference_geo: 'us',
      speed: 'fast',
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 3, code_execution_requests: 1 },
    });
    expect(usage).toMatchObject({
      units: { webSearch: 2, codeExec: 1 },
      modifiers: { tierServed: 'batch', geo: 'us', speed: 'fast' },
      completeness: 'final',
      anomalies: [],
    });
  });

  it('has each call with its own model, also of one that fell back to another', () => {
    const usage = read({
      input_tokens: 412,
      output_tokens: 264,
      iterations: [
        { type: 'message', model: 'claude-a', input_tokens: 408, output_tokens: 0 },
        { type: 'fallback_message', model: 'claude-b', input_tokens: 412, output_tokens: 264 },
        { type: 'compaction', input_tokens: 9, output_tokens: 8, cache_creation_input_tokens: 7 },
      ],
    });
    expect(usage.segments).toEqual([
      { kind: 'main', model: 'claude-a', in: { fresh: { text: 408 } }, out: { text: 0 } },
      { kind: 'main', model: 'claude-b', in: { fresh: { text: 412 } }, out: { text: 264 } },
      { kind: 'compaction', in: { fresh: { text: 9 }, cacheWrite: { ttl5m: 7 } }, out: { text: 8 } },
    ]);
    expect(usage.anomalies).toEqual([]);
  });

  it('takes the calls of a kind that is new for a part of the answer, and says so', () => {
    const usage = read({
      input_tokens: 1,
      output_tokens: 2,
      iterations: [{ type: 'new', input_tokens: 1, output_tokens: 2 }],
    });
    expect(usage.anomalies).toMatchObject([{ code: 'iteration_unknown' }]);
  });

  it("splits a call's cache writes as the whole answer's are split", () => {
    const call = { type: 'message', input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 500 };
    const usage = read({
      input_tokens: 2,
      output_tokens: 4,
      cache_creation_input_tokens: 1000,
      cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 700 },
      iterations: [call, call],
    });
    expect(usage.segments.map((segment) => segment.in.cacheWrite)).toEqual([
      { ttl5m: 0, ttl1h: 500 },
      { ttl5m: 300, ttl1h: 200 },
    ]);
  });

  it('is cut down where thinking exceeds the output, and where the writes of an hour exceed all writes', () => {
    const usage = read({
      input_tokens: 1,
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 9 },
      cache_creation_input_tokens: 4,
      cache_creation: { ephemeral_1h_input_tokens: 6 },
    });
    expect(usage.segments).toEqual([
      { kind: 'main', in: { fresh: { text: 1 }, cacheWrite: { ttl5m: 0, ttl1h: 4 } }, out: { text: 0, reasoning: 5 } },
    ]);
    expect(usage.anomalies.map(({ code }) => code)).toEqual(['part_exceeds_whole', 'part_exceeds_whole']);
  });
});

describe('a stream of Claude on Bedrock', () => {
  const metrics = { inputTokenCount: 10, outputTokenCount: 20, invocationLatency: 900, cacheReadInputTokenCount: 4 };
  const stop = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics };

  it('is counted once, though its last event repeats the counts', () => {
    const start = { type: 'message_start', message: { usage: { input_tokens: 10, output_tokens: 1 } } };
    const delta = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 20 } };
    expect(readStream(start, delta, stop)).toMatchObject({
      requestedModel: 'claude-on-bedrock',
      segments: [{ in: { fresh: { text: 10 } }, out: { text: 20 } }],
      completeness: 'final',
      anomalies: [],
    });
  });

  it('is counted by its metrics where it has nothing else', () => {
    expect(readStream({ type: 'content_block_delta' }, stop)).toMatchObject({
      segments: [{ in: { fresh: { text: 10 }, cacheRead: { text: 4 } }, out: { text: 20 } }],
      completeness: 'final',
    });
  });
});
