import { countIn, Division, nameIn, type Note } from './count.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import type { InputQuantities } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * Amazon Bedrock's Converse and ConverseStream. The counts are disjoint: totalTokens is input + output + cache reads +
 * cache writes. A stream tells them in its `metadata` event, after messageStop and last of all.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 */
export const bedrockConverse: UsageFamily = {
  usageMembers: ['usage'],
  hearAnswer: hear,
  // The binary stream names its events in a header; recordings that are kept as JSON wrap each in its name.
  hearEvent: (message, told, note) => hear(asObject(message['metadata']) ?? message, told, note),
  isEnd: () => false,
  count,
};

function hear(answer: JsonObject, told: Told, note: Note): void {
  const usage = asObject(answer['usage']);
  if (usage === undefined) return;
  told.usage = usage;
  told.atEnd = true;
  told.tier = nameIn(asObject(answer['serviceTier']), 'type', note);
  told.speed = nameIn(asObject(answer['performanceConfig']), 'latency', note);
  const router = asObject(asObject(answer['trace'])?.['promptRouter']);
  told.model = modelOf(nameIn(router, 'invokedModelId', note));
}

/** A prompt router tells the model that it chose as an ARN; the model's id is what follows its last slash. */
function modelOf(invoked: string | undefined): string | undefined {
  return invoked?.slice(invoked.lastIndexOf('/') + 1);
}

function count(usage: JsonObject, { told, note }: CountingContext): Counted {
  const input = countIn(usage, 'inputTokens', note);
  const output = countIn(usage, 'outputTokens', note);
  const read = countOf(usage, 'cacheReadInputToken', note);
  const write = countOf(usage, 'cacheWriteInputToken', note);
  const total = countIn(usage, 'totalTokens', note);
  const sum = [input, output, read, write].reduce<number>((all, one) => all + (one ?? 0), 0);
  if (total !== undefined && total !== sum) {
    note('total_mismatch', `totalTokens is ${total}, but its parts add up to ${sum}.`);
  }
  const fresh = present({ text: input });
  const cacheRead = present({ text: read });
  const cacheWrite = cacheWriteOf(usage, write, note);
  const modifiers = present({ speed: told.speed, tierServed: told.tier === 'default' ? 'standard' : told.tier });
  return {
    segments: [
      {
        in: present({ cacheRead, cacheWrite, fresh }) ?? {},
        kind: 'main',
        out: present({ text: output }) ?? {},
      },
    ],
    modifiers,
    complete: input !== undefined && output !== undefined,
  };
}

/** Bedrock gives each cache count twice: under the documented name, and under one that ends in TokenCount. */
function countOf(usage: JsonObject, stem: string, note: Note): number | undefined {
  const documented = countIn(usage, `${stem}s`, note);
  const other = countIn(usage, `${stem}Count`, note);
  if (documented !== undefined && other !== undefined && documented !== other) {
    note('total_mismatch', `${stem}s is ${documented}, but ${stem}Count is ${other}.`);
  }
  return documented ?? other;
}

/** What is not said to live for an hour lives for five minutes: that is the default. */
function cacheWriteOf(usage: JsonObject, whole: number | undefined, note: Note): InputQuantities['cacheWrite'] {
  const division = new Division('cacheWriteInputTokens', whole, note);
  const written: { ttl5m?: number; ttl1h?: number; other?: number } = {};
  for (const detail of objectsIn(usage['cacheDetails'])) {
    const ttl = detail['ttl'];
    const kind = ttl === '5m' ? 'ttl5m' : ttl === '1h' ? 'ttl1h' : 'other';
    const taken = division.take('cacheDetails', countIn(detail, 'inputTokens', note));
    if (taken !== undefined) written[kind] = (written[kind] ?? 0) + taken;
  }
  const rest = division.rest();
  if (rest === undefined) return present(written);
  if (rest > 0 || Object.keys(written).length === 0) written.ttl5m = (written.ttl5m ?? 0) + rest;
  return written;
}
