import { asObject, type JsonObject } from '#usage/json.js';
import { isObjectText, withFirstMember, withMember, withoutMember } from './json-member.js';

const ASKING = Buffer.from('{"include_usage":true}');
const TRUE = Buffer.from('true');

/**
 * An OpenAI stream tells its usage only when asked to. So it is asked, and the extra chunk is kept from a client that did not.
 * @returns the body to send: with the option spliced in and every other byte as it came, or undefined when it is there.
 */
export function askForUsage(body: Buffer, json: JsonObject): Buffer | undefined {
  const options = json['stream_options'];
  if (asObject(options)?.['include_usage'] === true) return undefined;
  if (options === undefined) return withFirstMember(body, 'stream_options', ASKING);
  return withMember(body, 'stream_options', (given) =>
    given !== undefined && isObjectText(given) ? withMember(given, 'include_usage', () => TRUE) : ASKING,
  );
}

/** For an upstream that tells the usage of its streams unasked, and takes the question for an error. */
export function withoutStreamOptions(body: Buffer, json: JsonObject): Buffer {
  return json['stream_options'] === undefined ? body : withoutMember(body, 'stream_options');
}
