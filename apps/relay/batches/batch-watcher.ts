import { setTimeout as delay } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import type { DueBatch, KeptBatch } from '#contracts/batch.js';
import { IDENTIFIER } from '#contracts/streams.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { Pico } from '#money/pico.js';
import { Refusal } from '#protocols/error-body.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import { pause } from '#service/pause.js';
import { asObject, type JsonObject, objectsIn } from '#usage/json.js';
import type { BrokerClock } from '../admit/broker-clock.js';
import type { SettledEvent } from '../journal/journal-record.js';
import { operations } from '../operations/operations.js';
import type { PublisherPorts } from '../publish/publisher.js';
import { BatchCost } from './batch-cost.js';
import { batchEvents, type EndedBatch } from './batch-events.js';
import type { BatchMoney } from './batch-money.js';
import type { BatchStore, DueEntry } from './batch-store.js';
import type { BatchUpstream } from './batch-upstream.js';
import { keepOutputFiles } from './keep-output-files.js';

export interface WatcherPorts {
  readonly store: BatchStore;
  readonly upstream: BatchUpstream;
  readonly money: BatchMoney;
  readonly clock: BrokerClock;
  /** Of any version: prices may have changed since a batch was made. */
  readonly priceBook: (version: string) => Promise<CompiledPriceBook | undefined>;
  readonly publish: PublisherPorts['publish'];
  readonly complain: (sentence: string, error: unknown) => void;
}

/** https://platform.openai.com/docs/guides/batch: each may have an output, also of what expired or was cancelled. */
const ENDED: ReadonlySet<unknown> = new Set(['completed', 'failed', 'expired', 'cancelled']);
const END_TIMES = ['completed_at', 'expired_at', 'cancelled_at', 'failed_at'];

const MAX_AT_A_TIME = 8;
const EVENTS_AT_A_TIME = 500;
/** How long a batch is one relay's, in intervals; it is renewed with every message of events. */
const CLAIM_INTERVALS = 4;
/** Shorter than a lease lasts: with every look the batch's money is kept. */
const MAX_PAUSE_MS = 300_000;
const RENEW_AFTER_MS = 240_000;
const AWAY_PAUSE_MS = 30_000;
/** A batch that was asked for and is not found after so long was never made. */
const FORGOTTEN_MS = 3_600_000;
/** Clocks differ, and the upstream rounds to seconds. */
const CLOCK_SKEW_MS = 120_000;
const MAX_PAGES = 50;

/**
 * Looks after the batches that are not metered yet, each relay at those that no other is at. What a batch has answered is
 * on the log before the batch counts as metered; a relay that dies between the two leaves it to another, whose events
 * are the same to the letter.
 */
export class BatchWatcher {
  readonly #stopping = new AbortController();
  /** What was complained of once. */
  readonly #elsewhere = new Set<string>();
  /** The ledger did not answer: batches that have ended are not held up by it. */
  #moneyPausedUntilMs = 0;
  #running: Promise<void> | undefined;

  constructor(
    private readonly ports: WatcherPorts,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  /** What is under way and takes longer is done again by the next relay. */
  async stop(maxMs: number): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#running, delay(maxMs, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) => {
        this.#complain('The batches that are not metered cannot be listed: tried again soon.', error);
      });
      await pause(this.intervalMs, { signal, ref: false });
    }
  }

  async #look(): Promise<void> {
    await this.ports.clock.measure();
    // The lanes share one iterator: an upstream that does not answer holds up one of them.
    const unreadable = (sentence: string, error: unknown) => this.#complain(sentence, error);
    const entries = (await this.ports.store.due(unreadable)).values();
    const lane = async () => {
      for (const entry of entries) {
        if (this.#stopping.signal.aborted) return;
        if (entry.due.notBeforeMs > this.ports.clock.nowMs()) continue;
        if (this.#isElsewhere(entry)) {
          await this.#keepMoneyElsewhere(entry);
          continue;
        }
        const claimed = await this.#claim(entry);
        if (claimed !== undefined) await this.#attend(await this.#keepMoney(claimed));
      }
    };
    await Promise.all(Array.from({ length: MAX_AT_A_TIME }, lane));
  }

  /** Relays may have channels of their own: what is at another's is left to it. */
  #isElsewhere({ name, due: { channelId, orgId } }: DueEntry): boolean {
    if (this.ports.upstream.channels.channels.some(({ id }) => id === channelId)) return false;
    if (!this.#elsewhere.has(name)) {
      this.#complain(`A batch of ${orgId} is at the channel "${channelId}", which this relay does not have.`);
    }
    this.#elsewhere.add(name);
    return true;
  }

  /** For a relay that has its channel, if there is one: it would have come first. */
  async #keepMoneyElsewhere(entry: DueEntry): Promise<void> {
    const kept = await this.#keepMoney(entry, 2 * RENEW_AFTER_MS);
    if (kept !== entry) await this.#later(entry, kept.due);
  }

  /** Renewed here, it is written with what follows: whoever comes after a relay that died in between renews it again. */
  async #keepMoney(entry: DueEntry, afterMs = RENEW_AFTER_MS): Promise<DueEntry> {
    const { due } = entry;
    if (this.#moneyPausedUntilMs > this.ports.clock.nowMs() || due.lease === undefined) return entry;
    // A time ahead is of a clock that was wrong.
    if (Math.abs(this.ports.clock.nowMs() - due.lease.renewedAtMs) < afterMs) return entry;
    try {
      return { ...entry, due: { ...due, lease: await this.ports.money.renew(due, due.lease) } };
    } catch (error) {
      const isAway = error instanceof RequestFailure && error.code === 'unavailable';
      if (isAway) this.#moneyPausedUntilMs = this.ports.clock.nowMs() + AWAY_PAUSE_MS;
      this.#complain(`The money for the batch ${nameOf(due)} is not held: tried again soon.`, error);
      return entry;
    }
  }

  /** @returns undefined when another relay was faster. */
  #claim(entry: DueEntry): Promise<DueEntry | undefined> {
    const notBeforeMs = this.ports.clock.nowMs() + CLAIM_INTERVALS * this.intervalMs;
    return this.ports.store.changeDue(entry, { ...entry.due, notBeforeMs });
  }

  async #attend(entry: DueEntry): Promise<void> {
    const { due } = entry;
    try {
      const found = due.batchId === undefined ? await this.#find(entry) : entry;
      if (found?.due.batchId === undefined) return await this.#waitFor(entry);
      await this.#see(found, found.due.batchId);
    } catch (error) {
      if (error instanceof ClaimLost) return;
      const failures = due.failures + 1;
      const pauseMs = Math.min(this.intervalMs * 2 ** Math.min(failures, 20), MAX_PAUSE_MS);
      this.#complain(
        `The batch ${nameOf(due)} is not metered yet: tried again in ${Math.ceil(pauseMs / 1000)} s.`,
        error,
      );
      await this.#later(entry, { ...due, failures, notBeforeMs: this.ports.clock.nowMs() + pauseMs });
    }
  }

  async #see(entry: DueEntry, batchId: string): Promise<void> {
    const { store, money } = this.ports;
    const { due } = entry;
    const told = await this.#ask(due.channelId, `/batches/${batchId}`);
    if (!ENDED.has(told['status'])) {
      return this.#later(entry, {
        ...due,
        batchId,
        failures: 0,
        notBeforeMs: this.ports.clock.nowMs() + this.intervalMs,
      });
    }
    // A relay may have died before it did.
    await store.keepBatch(batchId, batchOf(due));
    const kept = await store.batch(due, batchId);
    if (kept?.isMetered === false) {
      await keepOutputFiles(store, batchId, { batch: kept, told });
      const cost = await this.#meter(entry, { batchId, kept, told });
      await store.markMetered(batchId, kept);
      // Charges take nothing off another lease than their own: that one expires.
      if (due.lease !== undefined && due.lease.id === kept.leaseId) await money.settle(kept, due.lease, cost);
    }
    await store.removeDue(entry.name);
  }

  /** @returns what it comes to: while something of it is not charged, all that is held for it, or more. */
  async #meter(entry: DueEntry, { batchId, kept, told }: SeenBatch): Promise<Pico> {
    const output = told['output_file_id'];
    const answered = asObject(told['request_counts'])?.['completed'];
    const lease = entry.due.lease ?? { currency: '', amount: '0' };
    const cost = new BatchCost(lease, await this.ports.priceBook(kept.priceVersion));
    if (typeof output === 'string') {
      if (!IDENTIFIER.test(output)) throw new Error('Its output has an id that is none.');
      await this.#publish(entry, { kept, ended: this.#ended(batchId, kept, told), output, cost });
    }
    const { lines } = cost;
    if (typeof answered === 'number' && lines < answered) {
      throw new Error(`Its output has ${lines} answered lines, and the upstream says that it answered ${answered}.`);
    }
    return cost.total;
  }

  async #publish(entry: DueEntry, { kept, ended, output, cost }: EndedOutput): Promise<void> {
    const content = await this.ports.upstream.open(kept.channelId, {
      ...{ requestId: uuidv7(), method: 'GET', path: `/files/${output}/content` },
    });
    if (content instanceof Refusal) throw new Error(content.message);
    if (content.statusCode !== 200) {
      await content.body.dump();
      throw new Error(`The upstream answered ${content.statusCode} instead of its output.`);
    }
    let claimed = entry;
    let events: SettledEvent[] = [];
    const publish = async () => {
      const json = events.map((event) => event.json);
      events = [];
      if (json.length > 0) await this.ports.publish(kept.orgId, json);
    };
    for await (const event of batchEvents(content.body as AsyncIterable<Buffer>, ended)) {
      cost.add(event.attempt);
      if (events.push(event) < EVENTS_AT_A_TIME) continue;
      const renewed = await this.#claim(claimed);
      if (renewed === undefined) throw new ClaimLost();
      claimed = renewed;
      await publish();
    }
    await publish();
  }

  #ended(id: string, kept: KeptBatch, told: JsonObject): EndedBatch {
    const operation = operations.find(({ name }) => name === kept.operation);
    const channel = this.ports.upstream.channels.channels.find(({ id: channelId }) => channelId === kept.channelId);
    if (operation === undefined || channel === undefined) throw new Error(`It is of ${kept.operation}, which is gone.`);
    const startedAt = timeOf(told['created_at']) ?? kept.createdAt;
    const finishedAt = END_TIMES.map((member) => timeOf(told[member])).find((time) => time !== undefined) ?? startedAt;
    return { id, kept, operation, provider: channel.provider, startedAt, finishedAt };
  }

  /** The upstream may have made a batch whose id nobody was told: the file is ours alone, and so are its batches. */
  async #find(entry: DueEntry): Promise<DueEntry | undefined> {
    const { store } = this.ports;
    const { due } = entry;
    for await (const { id, input_file_id: inputFileId } of this.#madeSince(due)) {
      if (typeof id !== 'string' || !IDENTIFIER.test(id) || inputFileId !== due.inputFileId) continue;
      if ((await store.batch(due, id)) !== undefined) continue;
      // What is due names it before it is kept: whoever dies in between leaves it due.
      const named = await store.changeDue(entry, { ...due, batchId: id });
      if (named === undefined) throw new ClaimLost();
      if (await store.keepBatch(id, batchOf(due))) return named;
      // It was found for another request of the same file, at the same time.
      await store.changeDue(named, due);
      throw new ClaimLost();
    }
    return undefined;
  }

  /** The latest come first. */
  async *#madeSince({ channelId, createdAt }: DueBatch): AsyncGenerator<JsonObject, void, void> {
    let after = '';
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const told = await this.#ask(channelId, `/batches?limit=100${after}`);
      const batches = objectsIn(told['data']);
      for (const batch of batches) {
        const madeAt = batch['created_at'];
        if (typeof madeAt === 'number' && madeAt * 1000 < Date.parse(createdAt) - CLOCK_SKEW_MS) return;
        yield batch;
      }
      const last = batches.at(-1)?.['id'];
      if (told['has_more'] !== true || typeof last !== 'string') return;
      after = `&after=${encodeURIComponent(last)}`;
    }
  }

  async #waitFor(entry: DueEntry): Promise<void> {
    const { due, name } = entry;
    if (this.ports.clock.nowMs() - Date.parse(due.createdAt) > FORGOTTEN_MS) {
      await this.ports.store.removeDue(name);
      if (due.lease !== undefined) await this.ports.money.settle(due, due.lease, 0n);
      return;
    }
    return this.#later(entry, { ...due, notBeforeMs: this.ports.clock.nowMs() + this.intervalMs });
  }

  async #later(entry: DueEntry, due: DueBatch): Promise<void> {
    // Who has written it since will look after it.
    await this.ports.store.changeDue(entry, due).catch((error: unknown) => {
      this.#complain(`What is due of ${due.orgId} cannot be written: it is looked at again soon.`, error);
    });
  }

  async #ask(channelId: string, path: string): Promise<JsonObject> {
    const told = await this.ports.upstream.ask(channelId, { requestId: uuidv7(), method: 'GET', path });
    if (told instanceof Refusal) throw new Error(told.message);
    if (told.json === undefined) throw new Error(`The upstream answered ${told.status} when it was asked about it.`);
    return told.json;
  }

  #complain(sentence: string, error?: unknown): void {
    if (!this.#stopping.signal.aborted) this.ports.complain(sentence, error);
  }
}

interface EndedOutput {
  readonly kept: KeptBatch;
  readonly ended: EndedBatch;
  readonly output: string;
  readonly cost: BatchCost;
}

interface SeenBatch {
  readonly batchId: string;
  readonly kept: KeptBatch;
  readonly told: JsonObject;
}

/** Another relay has taken the batch over: this one was too slow. */
class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
  override readonly message = 'Another relay looks after it.';
}

const nameOf = ({ batchId, inputFileId, orgId }: DueBatch) => `${batchId ?? `of file ${inputFileId}`} of ${orgId}`;

function batchOf(due: DueBatch): KeptBatch {
  const { orgId, teamId, projectId, keyId, channelId, leaseId, operation, model, createdAt, priceVersion } = due;
  const owner = { orgId, teamId, projectId, keyId, channelId, ...(leaseId !== undefined && { leaseId }) };
  return { ...owner, operation, model, createdAt, priceVersion, isMetered: false };
}

/** @param seconds since 1970, as OpenAI tells times. */
function timeOf(seconds: unknown): string | undefined {
  const isTime = typeof seconds === 'number' && seconds > 0 && seconds < 4_000_000_000;
  return isTime ? new Date(seconds * 1000).toISOString() : undefined;
}
