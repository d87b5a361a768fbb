import { EventStreamCodec, type MessageHeaders } from '@smithy/eventstream-codec';

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/** A message as AWS sends it. */
export function awsMessage(headers: Readonly<Record<string, string>>, payload: object | string): Buffer {
  const named = Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }]);
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return Buffer.from(codec.encode({ headers: Object.fromEntries(named) as MessageHeaders, body }));
}

export const awsEvent = (type: string, payload: object): Buffer =>
  awsMessage({ ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }, payload);

/** An event of the model's own protocol, as InvokeModelWithResponseStream wraps it. */
export const awsChunk = (event: object): Buffer =>
  awsEvent('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcdefgh' });
