import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject, objectsIn } from '#usage/json.js';

type Names = (value: unknown, holder: JsonObject) => boolean;

const text: Names = (value) => typeof value === 'string' && value !== '';
const texts: Names = (value) => Array.isArray(value) && value.length > 0;
const object: Names = (value) => asObject(value) !== undefined;
const withId: Names = (value) => text(asObject(value)?.['id'], {});
const textOrId: Names = (value, holder) => text(value, holder) || withId(value, holder);
/** Google reads its own addresses with the rights of our account, and others as anybody can. */
const ownUri: Names = (uri) => typeof uri === 'string' && !isPublic(uri);

/**
 * The members by which each protocol names what is stored at a provider's account.
 * https://platform.openai.com/docs/api-reference/responses/create https://platform.claude.com/docs/en/api/messages
 * https://ai.google.dev/api/generate-content https://ai.google.dev/api/caching
 */
const naming: ReadonlyMap<string, Names> = new Map<string, Names>([
  ['previous_response_id', text],
  ['conversation', textOrId],
  ['prompt', withId],
  // Of an answer that was spoken before.
  ['audio', withId],
  ['file_id', text],
  ['file_ids', texts],
  ['vector_store_ids', texts],
  ['container', textOrId],
  ['container_id', (value, { type }) => type === 'container_reference' && text(value, {})],
  // The skills of Anthropic itself are everybody's.
  ['skill_id', (value, { type }) => type !== 'anthropic' && text(value, {})],
  ['type', (type, { result }) => type === 'item_reference' || (type === 'image_generation_call' && result == null)],
  ['cachedContent', text],
  ['cached_content', text],
  ['fileUri', ownUri],
  ['file_uri', ownUri],
  ['fileSearchStoreNames', texts],
  ['file_search_store_names', texts],
  ['vertexAiSearch', object],
  ['vertex_ai_search', object],
  ['vertexRagStore', object],
  ['vertex_rag_store', object],
]);

/** What is the client's own, as its functions' schemas and arguments, or an answer that is only said again. */
const SAID: ReadonlySet<string> = new Set([
  'metadata',
  'parameters',
  'parametersJsonSchema',
  'input_schema',
  'input_examples',
  'schema',
  'responseSchema',
  'response_schema',
  'responseJsonSchema',
  'args',
  'arguments',
  'response',
  'annotations',
  'results',
]);
/** What Anthropic's own tools have answered before; `tool_result` is the client's. */
const OWN_RESULT = /._tool_result$/;

/**
 * The member of a request that names something stored at the upstream: a response, a conversation, a file, a cache. On an
 * account that organisations share it may be another one's.
 * @returns undefined where there is none.
 */
export function storedMember(json: JsonObject): string | undefined {
  // Without recursion: strangers may nest as deep as a body is long.
  const left: object[] = [json];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (Array.isArray(one)) {
      for (const value of one) if (typeof value === 'object' && value !== null) left.push(value as object);
      continue;
    }
    const holder = one as JsonObject;
    if (isOwnResult(holder)) continue;
    for (const name in holder) {
      const value = holder[name];
      if (naming.get(name)?.(value, holder) === true) return name;
      // What a tool is called with is an `input`, too.
      const isSaid = SAID.has(name) || (name === 'input' && one !== json);
      if (typeof value === 'object' && value !== null && !isSaid) left.push(value);
    }
  }
  return objectsIn(json['input']).some(isBareReference) ? 'input' : undefined;
}

function isOwnResult({ type }: JsonObject): boolean {
  return typeof type === 'string' && OWN_RESULT.test(type);
}

/** A reference to an item needs no type: https://platform.openai.com/docs/api-reference/responses/create#responses-create-input */
function isBareReference({ id, type, role }: JsonObject): boolean {
  return typeof id === 'string' && type == null && role === undefined;
}

function isPublic(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return /^https?:$/.test(protocol) && !/(^|\.)(googleapis|cloud\.google)\.com\.?$/.test(hostname);
}

/** For a request that names what is stored where organisations share the account. */
export function sharedChannel(member: string): Refusal {
  const what = `"${member}" names what is stored at the upstream, whose account is shared: another organisation's could be read by it.`;
  const instead = 'Send the content itself, or call through a channel that is your organisation’s own.';
  return new Refusal('invalid_request', `${what} ${instead}`, member);
}
