import { countMembers, repeatedName } from '../forward/json-member.js';
import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject } from '#usage/json.js';

/** By which a request is permitted, priced and read. */
const readHere = [
  'model',
  'models',
  'service_tier',
  'stream',
  'stream_options',
  'include_usage',
  'background',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'maxOutputTokens',
  'n',
  'best_of',
  'candidateCount',
  'candidate_count',
  'generationConfig',
  'generation_config',
  'messages',
  'input',
  'prompt',
  'contents',
  'tools',
  'previous_response_id',
  'conversation',
  'container',
  'cachedContent',
  'cached_content',
  // Of a batch, and of the lines of its file.
  'input_file_id',
  'endpoint',
  'url',
  'body',
];
const SPELLED: ReadonlySet<string> = new Set(readHere);
const FOLDED: ReadonlyMap<string, string> = new Map(readHere.map((name) => [fold(name), name]));

/**
 * What its upstream may read otherwise. Of two members of a name JSON.parse takes the last and others the first
 * (RFC 8259, 4), and Go, in which many gateways are written, takes a name in any case
 * (https://pkg.go.dev/encoding/json#Unmarshal): another model would be called than was permitted.
 * @param body JSON text of an object.
 * @param json what JSON.parse makes of it.
 */
export function refuseTwoReadings(body: Buffer, json: JsonObject): Refusal | undefined {
  // JSON.parse keeps one member of a name, so that all of them are fewer then than in the text.
  if (countMembers(body) !== membersIn(json)) return isThereTwice(repeatedName(body) ?? '');
  return refuseSpelling(json);
}

/** Of a call: in itself and where it says how much may be generated and told. */
export function refuseSpelling(json: JsonObject): Refusal | undefined {
  return (
    refuseSpelledIn(json) ??
    refuseSpelledIn(asObject(json['stream_options'])) ??
    refuseSpelledIn(asObject(json['generationConfig'])) ??
    refuseSpelledIn(asObject(json['generation_config']))
  );
}

function refuseSpelledIn(object: JsonObject | undefined): Refusal | undefined {
  for (const name in object) {
    if (SPELLED.has(name)) continue;
    const right = FOLDED.get(fold(name));
    if (right !== undefined) return twoReadings(name, `is spelled otherwise: write "${right}"`);
  }
  return undefined;
}

/** Without recursion: strangers may nest as deep as a body is long. */
function membersIn(json: JsonObject): number {
  let members = 0;
  const left: object[] = [json];
  const meet = (value: unknown) => {
    if (typeof value === 'object' && value !== null) left.push(value);
  };
  for (let object = left.pop(); object !== undefined; object = left.pop()) {
    if (Array.isArray(object)) {
      for (const value of object) meet(value);
      continue;
    }
    for (const name in object) {
      members += 1;
      meet((object as JsonObject)[name]);
    }
  }
  return members;
}

function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

const isThereTwice = (name: string) => twoReadings(name, 'is there twice: send it once');

function twoReadings(name: string, what: string): Refusal {
  const shown = name.slice(0, 60);
  return new Refusal('invalid_request', `The member "${shown}" of the request body ${what}.`, shown);
}
