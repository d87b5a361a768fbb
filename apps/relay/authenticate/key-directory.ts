import { hashKey } from '#config/key-hash.js';
import { directoryKey, type DirectoryKey, policy, policyEntryNames, type PolicyLevel } from '#contracts/directory.js';
import { Refusal } from '#protocols/error-body.js';
import { type LevelRules, levelRules } from '../policy/level-rules.js';

/** Who calls: what usage is attributed to. It comes from the key alone, never from a header of the client's. */
export interface Caller extends Pick<DirectoryKey, 'keyId' | 'orgId' | 'teamId' | 'projectId'> {
  /** What each level that has a policy permits, the nearest first. */
  readonly policies: readonly LevelRules[];
}

interface Entry {
  readonly key: DirectoryKey;
  readonly expiresAtMs: number;
  /** Its own policy, when it has one. */
  readonly rules: LevelRules | undefined;
  /** Made at the first request after a change of any policy: an organisation may have more keys than ever call. */
  made?: { readonly generation: number; readonly caller: Caller | Refusal };
}

const KEY_ENTRY = /^key\.([0-9a-f]{64})$/;
const POLICY_ENTRY = /^policy\.(?:(org)\.|(team|project)\.[^.]+\.)([^.]+)$/;

/** The snapshot of who may call, by the hash of the whole key, and of what they may. Authentication asks nobody else. */
export class KeyDirectory {
  readonly #entries = new Map<string, Entry>();
  /** By the name of their entry. A policy that cannot be read permits nothing. */
  readonly #policies = new Map<string, LevelRules | Refusal>();
  /** What each connection sent last: most send one key for all their requests. It goes with the connection. */
  readonly #sent = new WeakMap<object, { readonly key: string; readonly hash: string }>();
  #generation = 0;

  constructor(
    private readonly pepper: string,
    private readonly complain: (sentence: string) => void,
  ) {}

  /** @param value undefined when the entry is gone. */
  update(name: string, value: unknown): void {
    const hash = KEY_ENTRY.exec(name)?.[1];
    if (hash !== undefined) return this.#updateKey(hash, value);
    const [matched, org, below, id] = POLICY_ENTRY.exec(name) ?? [];
    if (matched === undefined || id === undefined) {
      return this.complain(`The directory has an entry ${name.slice(0, 20)} that is neither a key nor a policy.`);
    }
    this.#updatePolicy(name, { level: org === undefined ? (below as PolicyLevel) : 'organisation', id }, value);
  }

  #updateKey(hash: string, value: unknown): void {
    const parsed = directoryKey.safeParse(value);
    if (parsed.success) return void this.#entries.set(hash, entryOf(parsed.data));
    // An entry that cannot be read lets nobody in: the key may have been revoked by it.
    this.#entries.delete(hash);
    if (value !== undefined) this.complain(`The directory's entry of a key is unreadable: that key is refused.`);
  }

  #updatePolicy(name: string, { level, id }: Pick<LevelRules, 'level' | 'id'>, value: unknown): void {
    this.#generation += 1;
    if (value === undefined) return void this.#policies.delete(name);
    const parsed = policy.safeParse(value);
    if (parsed.success) return void this.#policies.set(name, levelRules(level, id, parsed.data));
    this.complain(`The policy of ${level} "${id}" is unreadable: its requests are refused.`);
    const sentence = `The policy of ${level} "${id}" cannot be read here, so nothing is permitted: have it set again.`;
    this.#policies.set(name, new Refusal('unavailable', sentence));
  }

  /** @param connection over which the key came. */
  authenticate(key: string | undefined, nowMs: number, connection: object): Caller | Refusal {
    if (key === undefined) {
      return refused('No API key was sent: send it as "Authorization: Bearer <key>" or in the x-api-key header.');
    }
    const entry = this.#entries.get(this.#hashOf(key, connection));
    if (entry === undefined) return refused('The API key is not known: check it, or create one.');
    if (entry.key.status === 'revoked') return refused('The API key was revoked: use another one.');
    if (entry.expiresAtMs <= nowMs) return refused('The API key has expired: use another one.');
    if (entry.made?.generation !== this.#generation) {
      entry.made = { generation: this.#generation, caller: this.#callerOf(entry) };
    }
    return entry.made.caller;
  }

  #hashOf(key: string, connection: object): string {
    const sent = this.#sent.get(connection);
    // The whole key, and what the same client sent: its time tells nobody anything.
    if (sent?.key === key) return sent.hash;
    const hash = hashKey(key, this.pepper);
    this.#sent.set(connection, { key, hash });
    return hash;
  }

  #callerOf({ key, rules }: Entry): Caller | Refusal {
    const { keyId, orgId, teamId, projectId } = key;
    const policies = rules === undefined ? [] : [rules];
    for (const nameOf of [policyEntryNames.project, policyEntryNames.team, policyEntryNames.organisation]) {
      const above = this.#policies.get(nameOf(key));
      if (above instanceof Refusal) return above;
      if (above !== undefined) policies.push(above);
    }
    return { keyId, orgId, teamId, projectId, policies };
  }
}

function entryOf(key: DirectoryKey): Entry {
  return {
    key,
    expiresAtMs: key.expiresAt === undefined ? Infinity : Date.parse(key.expiresAt),
    rules: key.policy && levelRules('key', key.keyId, key.policy),
  };
}

function refused(message: string): Refusal {
  return new Refusal('unauthenticated', message);
}
