import { memberNames } from '../forward/json-member.js';
import { Refusal } from '#protocols/error-body.js';

/** By which a request is permitted, priced and read. */
const READ_HERE: ReadonlySet<string> = new Set([
  'model',
  'models',
  'service_tier',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'n',
  'best_of',
  // Of a batch, and of the lines of its file.
  'input_file_id',
  'endpoint',
  'url',
  'body',
]);

/**
 * What its upstream may read otherwise. Of two members of a name JSON.parse takes the last and others the first
 * (RFC 8259, 4), and Go, in which many gateways are written, takes a name in any case
 * (https://pkg.go.dev/encoding/json#Unmarshal): another model would be called than was permitted.
 * @param body JSON text of an object.
 */
export function refuseTwoReadings(body: Buffer): Refusal | undefined {
  const seen = new Set<string>();
  for (const name of memberNames(body)) {
    const folded = name.toUpperCase().toLowerCase();
    if (seen.has(name)) return twoReadings(name, 'is there twice: send it once');
    if (folded !== name && READ_HERE.has(folded)) return twoReadings(name, `is spelled otherwise: write "${folded}"`);
    seen.add(name);
  }
  return undefined;
}

function twoReadings(name: string, what: string): Refusal {
  const shown = name.slice(0, 60);
  return new Refusal('invalid_request', `The member "${shown}" of the request body ${what}.`, shown);
}
