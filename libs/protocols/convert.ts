import { asObject, objectsIn, parseJson, type JsonObject } from '#usage/json.js';
import { usageReader } from '#usage/usage-reader.js';
import type { ChatApi } from './chat/chat-api.js';
import { errorStatus } from './chat/chat-answer.js';
import type { Target } from './chat/chat-protocol.js';
import { isTooDeep } from './chat/depth.js';
import { Losses, type Loss } from './chat/losses.js';
import { InvalidBody, Reading, type Members } from './chat/members.js';
import { protocols } from './chat/protocols.js';
import { Refusal } from './error-body.js';

/** From which protocol to which, and what the body itself does not say. */
export interface Conversion {
  readonly from: ChatApi;
  readonly to: ChatApi;
  /** The model: Gemini has it in its path, and an answer need not name it. */
  readonly model: string;
  /** For an answer without an id of its own. */
  readonly id: string;
  /** Seconds since 1970, for an answer that does not say when it was made. */
  readonly now: number;
  /** The caller accepts that what cannot be expressed is left out. Without it such a request is refused. */
  readonly allowsLosses?: boolean;
  /** Whether a Gemini request asks for a stream: the path says it. */
  readonly stream?: boolean;
  /** For Anthropic, which needs a limit, where the request has none. Tokens. */
  readonly defaultMaxOutputTokens?: number;
  /** Who speaks `from`, where an answer is converted: providers of one protocol count differently. */
  readonly provider?: string;
  /** An OpenAI chat client gets usage in its stream only if it asked for it. Default: true. */
  readonly includeUsage?: boolean;
}

export interface Converted {
  readonly body: JsonObject;
  /** What was left out. A client hears of it in a header. */
  readonly losses: readonly Loss[];
}

export interface ConvertedRequest extends Converted {
  /** For the path of a protocol that has them there. */
  readonly model: string;
  readonly stream: boolean;
}

export interface ConvertedAnswer extends Converted {
  /** The HTTP status that suits the body: 200, or that of the error that it tells. */
  readonly status: number;
}

/** The most output that every current Anthropic model can give. Tokens. */
const DEFAULT_MAX_OUTPUT_TOKENS = 8192;

export const TOO_DEEP = 'nests lists and objects deeper than any answer or request needs';

/** @returns a Refusal when the request is malformed, or when the target cannot express it and the caller did not allow losses. */
export function convertRequest(body: JsonObject, conversion: Conversion): ConvertedRequest | Refusal {
  const { from, to, model, stream = false } = conversion;
  const losses = new Losses();
  if (from === to) {
    const asked = body['stream'];
    return { body, losses: [], model, stream: typeof asked === 'boolean' ? asked : stream };
  }
  if (isTooDeep(body)) return new Refusal('invalid_request', `The body ${TOO_DEEP}.`);
  const read = readWhole(body, losses, (members) => protocols[from].readRequest(members));
  if (read instanceof Refusal) return read;
  const request = { ...read, model: read.model ?? model, stream: read.stream ?? stream };
  const written = protocols[to].writeRequest(request, targetOf(conversion, losses));
  const lost = losses.list().filter(({ weight }) => weight === 'meaning');
  if (lost.length > 0 && conversion.allowsLosses !== true) return refuse(to, lost);
  return { body: written, losses: losses.list(), model: request.model, stream: request.stream };
}

/**
 * Converts a whole answer or an error body. An answer is never refused: it was generated and will be billed.
 * @returns a Refusal when it is not an answer in its protocol.
 */
export function convertAnswer(bytes: Buffer, conversion: Conversion): ConvertedAnswer | Refusal {
  const { from, to } = conversion;
  const losses = new Losses();
  const parsed = parseJson(bytes);
  // Google tells an error of a stream as a list of one.
  const body = asObject(parsed) ?? objectsIn(parsed)[0];
  if (body === undefined) return unreadable('it is not a JSON object');
  if (from !== to && isTooDeep(body)) return unreadable(`it ${TOO_DEEP}`);
  const target = targetOf(conversion, losses);
  const error = protocols[from].readError(body);
  if (error !== undefined) {
    const written = from === to ? body : protocols[to].writeError(error, target);
    return { body: written, losses: losses.list(), status: errorStatus[error.kind] };
  }
  if (from === to) return { body, losses: [], status: 200 };
  const answer = readWhole(body, losses, (members) => protocols[from].readAnswer(members));
  if (answer instanceof Refusal) return unreadable(answer.message);
  const reader = usageReader(usageSource(conversion), 'json');
  reader.push(bytes);
  const written = protocols[to].writeAnswer({ ...answer, usage: reader.end() }, target);
  return { body: written, losses: losses.list(), status: 200 };
}

/** Who is asked for the usage of a converted answer. */
export function usageSource({ from, provider, model }: Conversion) {
  const usual = { 'openai-chat': 'openai', 'openai-responses': 'openai', 'anthropic-messages': 'anthropic' } as const;
  return { api: from, provider: provider ?? (from === 'gemini' ? 'google' : usual[from]), requestedModel: model };
}

export function targetOf(conversion: Conversion, losses: Losses): Target {
  const { from, id, now, model, defaultMaxOutputTokens, includeUsage } = conversion;
  return {
    losses,
    settingNames: protocols[from].settingNames,
    id,
    now,
    model,
    defaultMaxOutputTokens: defaultMaxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    includeUsage: includeUsage ?? true,
  };
}

function readWhole<T>(body: JsonObject, losses: Losses, read: (members: Members) => T): T | Refusal {
  const reading = new Reading(losses);
  try {
    const value = read(reading.open(body));
    reading.close();
    return value;
  } catch (error) {
    if (error instanceof InvalidBody) return new Refusal('invalid_request', error.message, error.at);
    throw error;
  }
}

function refuse(to: ChatApi, lost: readonly Loss[]): Refusal {
  const shown = lost.slice(0, 5).map(({ at, reason }) => `${shorten(at)} (${reason})`);
  const more = lost.length > shown.length ? ` and ${lost.length - shown.length} more` : '';
  return new Refusal(
    'invalid_request',
    `This model is reached through ${to}, which cannot express ${shown.join(', ')}${more}. ` +
      'Leave it out, or allow it to be dropped.',
    shorten(lost[0]!.at),
  );
}

/** A member's name is the client's, and may be as long as a body. */
function shorten(at: string): string {
  return at.length > 100 ? `${at.slice(0, 100)}…` : at;
}

function unreadable(why: string): Refusal {
  return new Refusal('upstream_unreachable', `The upstream's answer cannot be read: ${why}`);
}
