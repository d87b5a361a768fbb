import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import {
  allDueBatches,
  batchEntryName,
  type DueBatch,
  dueBatch,
  type KeptBatch,
  keptBatch,
  type KeptFile,
  keptFile,
} from '#contracts/batch.js';
import { buckets } from '#contracts/streams.js';
import { bucketNames } from '#jetstream/bucket-names.js';
import { isApiError } from '#jetstream/topology.js';

const WRONG_LAST_SEQUENCE = 10071;

/** Whose files and batches are meant. */
export type Project = Pick<KeptBatch, 'orgId' | 'projectId'>;

/** What waits for its metering, as it was read. */
export interface DueEntry {
  readonly name: string;
  readonly revision: number;
  readonly due: DueBatch;
}

/** Whose the files and batches at the upstreams are: all relays know the same. */
export class BatchStore {
  #opened: Promise<KV> | undefined;

  constructor(private readonly connection: NatsConnection) {}

  file(project: Project, id: string): Promise<KeptFile | undefined> {
    return this.#read(batchEntryName('file', project, id), keptFile);
  }

  batch(project: Project, id: string): Promise<KeptBatch | undefined> {
    return this.#read(batchEntryName('batch', project, id), keptBatch);
  }

  /** The first to keep it says whose it is. */
  async keepFile(id: string, file: KeptFile): Promise<void> {
    await this.#create(batchEntryName('file', file, id), file);
  }

  /** @returns false when it is kept already. */
  keepBatch(id: string, batch: KeptBatch): Promise<boolean> {
    return this.#create(batchEntryName('batch', batch, id), batch);
  }

  async forgetFile(project: Project, id: string): Promise<void> {
    await (await this.#bucket()).delete(batchEntryName('file', project, id));
  }

  async markMetered(id: string, batch: KeptBatch): Promise<void> {
    const metered = JSON.stringify({ ...batch, isMetered: true });
    await (await this.#bucket()).put(batchEntryName('batch', batch, id), metered);
  }

  files(project: Project): Promise<[id: string, file: KeptFile][]> {
    return this.#list(batchEntryName('file', project, '*'), keptFile);
  }

  batches(project: Project): Promise<[id: string, batch: KeptBatch][]> {
    return this.#list(batchEntryName('batch', project, '*'), keptBatch);
  }

  /** @param complain of an entry that cannot be read: the others are due all the same. */
  async due(complain: (sentence: string, error: unknown) => void): Promise<DueEntry[]> {
    const bucket = await this.#bucket();
    const entries: DueEntry[] = [];
    for (const name of await bucketNames(this.connection, buckets.batches, allDueBatches)) {
      const entry = await bucket.get(name);
      if (entry?.operation !== 'PUT') continue;
      try {
        entries.push({ name, revision: entry.revision, due: dueBatch.parse(entry.json()) });
      } catch (error) {
        complain(
          `The entry ${name} of a batch that is not metered is unreadable: it waits for somebody to mend it.`,
          error,
        );
      }
    }
    return entries;
  }

  async putDue(name: string, due: DueBatch): Promise<void> {
    await (await this.#bucket()).put(name, JSON.stringify(due));
  }

  /** Over what was read. @returns undefined when another relay has written it since. */
  async changeDue({ name, revision }: DueEntry, due: DueBatch): Promise<DueEntry | undefined> {
    const bucket = await this.#bucket();
    try {
      return { name, due, revision: await bucket.update(name, JSON.stringify(due), revision) };
    } catch (error) {
      if (isApiError(error, WRONG_LAST_SEQUENCE)) return undefined;
      throw error;
    }
  }

  async removeDue(name: string): Promise<void> {
    await (await this.#bucket()).purge(name);
  }

  async #create(name: string, entry: object): Promise<boolean> {
    const bucket = await this.#bucket();
    try {
      await bucket.create(name, JSON.stringify(entry));
      return true;
    } catch (error) {
      if (isApiError(error, WRONG_LAST_SEQUENCE)) return false;
      throw error;
    }
  }

  async #read<Entry>(name: string, schema: z.ZodType<Entry>): Promise<Entry | undefined> {
    const entry = await (await this.#bucket()).get(name);
    return entry?.operation === 'PUT' ? schema.parse(entry.json()) : undefined;
  }

  async #list<Entry>(filter: string, schema: z.ZodType<Entry>): Promise<[string, Entry][]> {
    const names = await bucketNames(this.connection, buckets.batches, filter);
    const entries = await Promise.all(names.map((name) => this.#read(name, schema)));
    return entries.flatMap((entry, at): [string, Entry][] =>
      entry === undefined ? [] : [[names[at]!.slice(names[at]!.lastIndexOf('.') + 1), entry]],
    );
  }

  async #bucket(): Promise<KV> {
    this.#opened ??= new Kvm(this.connection).open(buckets.batches);
    return this.#opened.catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
  }
}
