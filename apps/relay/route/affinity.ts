import { hash } from 'node:crypto';
import { type JsonObject, objectsIn } from '#usage/json.js';

/** Providers cache prompts from some 1,024 tokens on, and a token has some four bytes. A shorter one saves nothing. */
export const CACHEABLE_BYTES = 4_096;
/** So much of each part: what follows is the conversation itself, and grows. */
const PART_CHARACTERS = 1_024;
/** Of the messages: the instructions and what was asked first. */
const FIRST_MESSAGES = 2;
const MAX_DEPTH = 6;

/** What the requests of one conversation have in common, and so what a provider has cached of them; by key. */
export function affinityOf(keyId: string, json: JsonObject): string {
  const messages = objectsIn(json['messages'] ?? json['input'] ?? json['contents']);
  const parts = [json['system'], json['instructions'], json['systemInstruction'], ...messages.slice(0, FIRST_MESSAGES)];
  return hash('sha256', [keyId, ...parts.map(textOf)].join('\n'), 'hex');
}

/**
 * A number of (0, 1) that belongs to a pair: rendezvous hashing. When a channel comes or goes only its own requests move.
 */
export function affinityTo(affinity: string, channelId: string): number {
  return hashedNumber(`${affinity} ${channelId}`);
}

/** The same number of (0, 1) for the same text, evenly spread. */
export function hashedNumber(text: string): number {
  const bits = Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16);
  return (bits + 0.5) / 2 ** 48;
}

/** The texts in a value, one after the other, up to their bound. An image may be megabytes: it is not gone through. */
function textOf(value: unknown): string {
  let text = '';
  const gather = (part: unknown, depth: number): void => {
    if (text.length >= PART_CHARACTERS || depth > MAX_DEPTH) return;
    if (typeof part === 'string') text += part.slice(0, PART_CHARACTERS - text.length);
    else if (typeof part === 'object' && part !== null) {
      for (const member of Object.values(part)) gather(member, depth + 1);
    }
  };
  gather(value, 0);
  return text;
}
