import { asObject, type JsonObject } from '#usage/json.js';

const OPTION = Buffer.from('"stream_options":{"include_usage":true},');
const OPENING_BRACE = 0x7b;

/**
 * An OpenAI stream tells its usage only when asked to. So it is asked, and the extra chunk is kept from a client that did not.
 * @returns the body to send: with the option spliced in and every other byte as it came, or undefined when it is there.
 */
export function askForUsage(body: Buffer, json: JsonObject): Buffer | undefined {
  const options = json['stream_options'];
  if (asObject(options)?.['include_usage'] === true) return undefined;
  if (options === undefined) {
    const start = body.indexOf(OPENING_BRACE) + 1;
    return Buffer.concat([body.subarray(0, start), OPTION, body.subarray(start)]);
  }
  return Buffer.from(JSON.stringify({ ...json, stream_options: { ...asObject(options), include_usage: true } }));
}
