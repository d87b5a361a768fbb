import { hashKey } from '#config/key-hash.js';
import { directoryKey, type DirectoryKey } from '#contracts/directory.js';
import { Refusal } from '#protocols/error-body.js';

/** Who calls: what usage is attributed to. It comes from the key alone, never from a header of the client's. */
export type Caller = Pick<DirectoryKey, 'keyId' | 'orgId' | 'teamId' | 'projectId'>;

interface Entry {
  readonly caller: Caller;
  readonly revoked: boolean;
  readonly expiresAtMs: number;
}

const ENTRY_NAME = /^key\.([0-9a-f]{64})$/;

/** The snapshot of who may call, by the hash of the whole key. Authentication asks nobody else. */
export class KeyDirectory {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly pepper: string,
    private readonly complain: (sentence: string) => void,
  ) {}

  /** @param value undefined when the entry is gone. */
  update(name: string, value: unknown): void {
    const hash = ENTRY_NAME.exec(name)?.[1];
    if (hash === undefined) return this.complain(`The directory has an entry ${name.slice(0, 20)} that is no key.`);
    const parsed = directoryKey.safeParse(value);
    if (parsed.success) return void this.#entries.set(hash, entryOf(parsed.data));
    // An entry that cannot be read lets nobody in: the key may have been revoked by it.
    this.#entries.delete(hash);
    if (value !== undefined) this.complain(`The directory's entry of a key is unreadable: that key is refused.`);
  }

  authenticate(key: string | undefined, nowMs: number): Caller | Refusal {
    if (key === undefined) {
      return refused('No API key was sent: send it as "Authorization: Bearer <key>" or in the x-api-key header.');
    }
    const entry = this.#entries.get(hashKey(key, this.pepper));
    if (entry === undefined) return refused('The API key is not known: check it, or create one.');
    if (entry.revoked) return refused('The API key was revoked: use another one.');
    if (entry.expiresAtMs <= nowMs) return refused('The API key has expired: use another one.');
    return entry.caller;
  }
}

function entryOf({ keyId, orgId, teamId, projectId, status, expiresAt }: DirectoryKey): Entry {
  return {
    caller: { keyId, orgId, teamId, projectId },
    revoked: status === 'revoked',
    expiresAtMs: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
  };
}

function refused(message: string): Refusal {
  return new Refusal('unauthenticated', message);
}
