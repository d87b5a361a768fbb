import { hash } from 'node:crypto';
import type { KeptBatch } from '#contracts/batch.js';
import type { Frame } from '#framing/frame.js';
import { JsonLinesParser } from '#framing/json-lines.js';
import type { Attempt } from '#rating/rate-usage.js';
import { asObject, type JsonObject, parseObject } from '#usage/json.js';
import { usageReader } from '#usage/usage-reader.js';
import type { Usage } from '#usage/usage.js';
import type { OpenedAttempt, SettledEvent } from '../journal/journal-record.js';
import { chargedByRequest } from '../operations/charged-by-request.js';
import type { Operation } from '../operations/operations.js';
import { missingUsage, settleAttempt } from '../settle/settle-attempt.js';

/** A batch that has ended. All that its events say comes from here and from its output, so that they never differ. */
export interface EndedBatch {
  readonly id: string;
  readonly kept: KeptBatch;
  readonly operation: Operation;
  readonly provider: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface BatchEvent extends SettledEvent {
  /** What of it decides its price. */
  readonly attempt: Attempt;
}

/** Whichever relay it is that meters: the event is the same. */
const RELAY_ID = 'batches';

/** One event for each answered line of a batch's output, read as it comes. */
export async function* batchEvents(
  output: AsyncIterable<Uint8Array>,
  batch: EndedBatch,
): AsyncGenerator<BatchEvent, void, void> {
  const lines = new OutputLines(batch);
  for await (const chunk of output) {
    lines.push(chunk);
    yield* lines.take();
  }
  lines.end();
  yield* lines.take();
}

class OutputLines {
  readonly #parser = new JsonLinesParser((frame) => this.#read(frame));
  /** How often each custom_id was met: it names a line, in whatever order the upstream lists them. */
  readonly #met = new Map<string, number>();
  #events: BatchEvent[] = [];

  constructor(private readonly batch: EndedBatch) {}

  push(chunk: Uint8Array): void {
    this.#parser.push(chunk);
  }

  end(): void {
    this.#parser.end();
  }

  take(): BatchEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #read({ data, flaw }: Frame): void {
    if (flaw !== undefined) return this.#addUnreadable(flaw);
    if (data === undefined || data.toString('latin1').trim() === '') return;
    const line = parseObject(data);
    if (line === undefined) return this.#addUnreadable('A line of the output is not a JSON object.');
    const answer = asObject(line['response']);
    // What has no answer was not worked on: the same line stands among the errors.
    if (answer === undefined) return;
    const customId = line['custom_id'];
    const attempt = this.#attempt(typeof customId === 'string' ? customId : '');
    const status = answer['status_code'];
    const httpStatus = typeof status === 'number' && Number.isInteger(status) && status > 0 ? status : undefined;
    const isServed = httpStatus === undefined || httpStatus < 300;
    this.#add(attempt, {
      outcome: isServed ? 'completed' : 'failed',
      ...(httpStatus !== undefined && { httpStatus }),
      usage: this.#usageOf(attempt, asObject(answer['body']), isServed),
    });
  }

  #usageOf({ api, requestedModel }: OpenedAttempt, body: JsonObject | undefined, isServed: boolean): Usage {
    const reader = usageReader({ provider: this.batch.provider, api, requestedModel }, 'json');
    if (body !== undefined) reader.push(Buffer.from(JSON.stringify(body)));
    const usage = reader.end();
    const units = chargedByRequest(this.batch.operation, undefined);
    const modifiers = { ...usage.modifiers, batch: true };
    if (units === undefined || !isServed || usage.completeness !== 'missing') return { ...usage, modifiers };
    return { ...usage, units, modifiers, completeness: 'final' };
  }

  /** It was answered, and nobody can say what it cost: a person looks. */
  #addUnreadable(detail: string): void {
    const attempt = this.#attempt('');
    const usage = { ...missingUsage(attempt, { code: 'unreadable', detail }), modifiers: { batch: true } };
    this.#add(attempt, { outcome: 'completed', usage });
  }

  #add(
    attempt: OpenedAttempt,
    ending: { readonly outcome: 'completed' | 'failed'; readonly httpStatus?: number; readonly usage: Usage },
  ): void {
    const { priceVersion } = attempt;
    const { outcome, usage } = ending;
    const event = settleAttempt(attempt, { ...ending, finishedAt: this.batch.finishedAt });
    this.#events.push({ ...event, attempt: { outcome, priceVersion, usage } });
  }

  #attempt(customId: string): OpenedAttempt {
    const { id, kept, operation, provider, startedAt } = this.batch;
    const { orgId, teamId, projectId, keyId, channelId, leaseId, priceVersion, model: requestedModel } = kept;
    const before = this.#met.get(customId) ?? 0;
    this.#met.set(customId, before + 1);
    const line = hash('sha256', JSON.stringify([customId, before]), 'hex').slice(0, 32);
    const owner = { orgId, teamId, projectId, keyId, channelId, ...(leaseId !== undefined && { leaseId }) };
    const asked = { provider, api: operation.usageApi, requestedModel, priceVersion, startedAt };
    return { ...owner, ...asked, id: `${id}.${line}`, relayId: RELAY_ID, requestId: id, attempt: 1 };
  }
}
