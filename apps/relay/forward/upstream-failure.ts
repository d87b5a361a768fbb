import { bareError } from '#protocols/chat/bare-error.js';
import { Refusal } from '#protocols/error-body.js';
import { asObject, parseObject } from '#usage/json.js';
import type { Channel } from '../channels/channel.js';

/** Of the account or the gateway behind a channel, and not of the request: unpaid, unknown, forbidden, gone. */
const OF_THE_CHANNEL: ReadonlySet<number> = new Set([401, 402, 403, 404]);
/** Timed out, in conflict with itself, too many requests. The official SDKs retry these and all from 500. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 429]);
/** Here the next request will hardly do better. What is forbidden or not there may be what the client asked for. */
const BLAMED: ReadonlySet<number> = new Set([401, 402, 408, 429]);

/** True when the same request may succeed on another channel. The others (400, 413, 422, …) would fail everywhere. */
export function isChannelFailure(httpStatus: number): boolean {
  return httpStatus >= 500 || OF_THE_CHANNEL.has(httpStatus) || PASSING.has(httpStatus);
}

/** True when it speaks against the channel. */
export function isBlamed(httpStatus: number): boolean {
  return httpStatus >= 500 || BLAMED.has(httpStatus);
}

/** Our key or account is not accepted there: that is nothing of the client's, whose own key is good. */
const OF_OUR_ACCESS: ReadonlySet<number> = new Set([401, 402, 403]);

export function refusesAccess(httpStatus: number): boolean {
  return OF_OUR_ACCESS.has(httpStatus);
}

/** What a client is told of it: the upstream's own words are about our account. */
export function accessRefused(what: string): Refusal {
  const sentence = `${what} does not accept this relay's access to it. Your key is good: tell who operates the relay.`;
  return new Refusal('upstream_refused', sentence);
}

/** Why an upstream refuses us, for the log: only the sentence, since what is beside it may be a part of the prompt. */
export function refusalWords(body: Buffer): string {
  const told = parseObject(body) ?? {};
  const message = asObject(told['error'])?.['message'];
  const words = typeof message === 'string' ? message : bareError(told);
  return words === undefined ? 'it says no reason that can be read' : words;
}

const MAX_WORDS = 300;

/** For who operates the relay. */
export function tellRefusal({ id, credential }: Pick<Channel, 'id' | 'credential'>, status: number, words: string) {
  const secret = credential?.current();
  // Before it is cut: of a secret at the edge the beginning would be left.
  const shown = secret === undefined ? words : words.replaceAll(secret, '(the secret)');
  return `The upstream of channel "${id}" does not accept our access (${status}): ${shown.slice(0, MAX_WORDS)}`;
}
