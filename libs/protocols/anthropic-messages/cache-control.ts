import type { JsonObject } from '#usage/json.js';
import type { Members } from '../chat/members.js';

type Cache = '5m' | '1h';

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching: without a ttl it is five minutes. */
export function readCache(block: Members): Cache | undefined {
  const control = block.object('cache_control');
  if (control === undefined) return undefined;
  const ttl = control.string('ttl') ?? '5m';
  if (ttl !== '5m' && ttl !== '1h') throw control.wrong('ttl', '5m or 1h');
  // Its only type is ephemeral.
  control.ignore('type');
  for (const name of [...control.unread()]) control.hint(name, 'how the prompt is cached');
  return ttl;
}

export function writeCache({ cache }: { readonly cache?: Cache }): JsonObject {
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ...(cache === '1h' && { ttl: cache }) } };
}
