import { expect } from '@jest/globals';
import { usageRecord } from '#contracts/usage-event.js';
import { usageReader, type UsageSource } from './usage-reader.js';
import { segmentQuantities, unitQuantities, type Usage } from './usage.js';

function read(source: UsageSource, format: 'sse' | 'json', body: string): Usage {
  const reader = usageReader(source, format);
  reader.push(Buffer.from(body));
  const usage = reader.end();
  // Whatever an upstream sends, the record can travel.
  expect(usageRecord.parse(usage)).toEqual(usage);
  return usage;
}

export const readAnswer = (source: UsageSource, answer: object): Usage => read(source, 'json', JSON.stringify(answer));

/** Strings are sent as they are, such as `[DONE]`. */
export function readStream(source: UsageSource, ...messages: readonly (object | string)[]): Usage {
  const data = messages.map((message) => (typeof message === 'string' ? message : JSON.stringify(message)));
  return read(source, 'sse', data.map((each) => `data: ${each}\n\n`).join(''));
}

/** Every count under its flat name. */
export function quantitiesOf(usage: Usage): Record<string, number> {
  const quantities = [...usage.segments.flatMap(segmentQuantities), ...unitQuantities(usage)];
  return Object.fromEntries(quantities.map(({ dimension, quantity }) => [dimension, quantity]));
}

export const anomalyCodes = ({ anomalies }: Usage): string[] => anomalies.map(({ code }) => code);
