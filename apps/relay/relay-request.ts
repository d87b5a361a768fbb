import type { IncomingMessage } from 'node:http';
import { type Dispatcher, errors } from 'undici';
import { uuidv7 } from 'uuidv7';
import type { ChatApi } from '#protocols/chat/chat-api.js';
import { Refusal } from '#protocols/error-body.js';
import type { Usage } from '#usage/usage.js';
import type { JsonLogger } from '#telemetry/log.js';
import type { AttemptMoney, HeldMoney } from './admit/attempt-money.js';
import type { Caller, KeyDirectory } from './authenticate/key-directory.js';
import { presentedKey } from './authenticate/presented-key.js';
import type { Candidate, ChannelTable } from './channels/channel-table.js';
import type { Estimator } from './estimate/estimator.js';
import { type Answer, type AnswerEnd, FirstByteTimeout } from './forward/answer.js';
import type { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { type Exchange, forwardAttempt, prepareAttempt, type PreparedAttempt } from './forward/forward-attempt.js';
import { isChannelFailure } from './forward/upstream-failure.js';
import type { OpenedAttempt } from './journal/journal-record.js';
import type { Journal } from './journal/journal.js';
import type { Publisher } from './publish/publisher.js';
import { chargedByRequest } from './operations/charged-by-request.js';
import type { FoundOperation } from './operations/find-operation.js';
import { type ModelCall, readCall } from './receive/read-call.js';
import { sendRefusal } from './receive/send-refusal.js';
import { outcomeOf } from './settle/attempt-outcome.js';
import { missingUsage, settleAttempt } from './settle/settle-attempt.js';
import type { CurrentPrices } from './snapshots/current-prices.js';
import type { Snapshots } from './snapshots/snapshots.js';

export interface RelayRooms {
  readonly relayId: string;
  readonly snapshots: Snapshots;
  readonly directory: KeyDirectory;
  readonly prices: CurrentPrices;
  readonly channels: ChannelTable;
  readonly journal: Journal;
  readonly publisher: Publisher;
  readonly upstream: Dispatcher;
  readonly inFlight: AttemptsInFlight;
  readonly money: AttemptMoney;
  readonly estimator: Estimator;
  readonly log: JsonLogger;
}

const NOT_LOADED = new Refusal(
  'unavailable',
  'The relay has not loaded its keys and prices yet: try again in a moment.',
);

const NO_ROOM = new Refusal(
  'unavailable',
  'The relay cannot record more requests until its event log is back: try again later.',
);

/** Models may think for minutes before their first byte: the official SDKs wait ten. */
const FIRST_BYTE_TIMEOUT_MS = 600_000;

/** What admission found out about a request that may go upstream. */
interface Admitted {
  readonly caller: Caller;
  /** In the order in which they are tried. */
  readonly candidates: readonly Candidate[];
  readonly call: ModelCall;
  readonly priceVersion: string;
}

type Asked = Pick<ModelCall, 'operation' | 'body' | 'json'>;

/** One candidate's turn. */
interface Turn {
  readonly candidate: Candidate;
  readonly prepared: PreparedAttempt;
  /** 1 for the first attempt of the request. */
  readonly number: number;
  /** No other attempt follows, whatever comes of this one. */
  readonly isLast: boolean;
}

interface HeldTurn extends Turn {
  /** For this attempt alone: an attempt that failed may cost something too. */
  readonly held: HeldMoney;
}

/** The way of one request through the relay: authenticate, read, plan, and per candidate: open, forward, settle. */
export class RelayRequest {
  constructor(private readonly rooms: RelayRooms) {}

  async relay(found: FoundOperation, exchange: Omit<Exchange, 'requestId'>): Promise<void> {
    const requestId = uuidv7();
    const { response } = exchange;
    const { protocol } = found.operation;
    try {
      const admitted = await this.#admit(found, exchange);
      if (admitted === undefined) return;
      const refusal =
        admitted instanceof Refusal
          ? admitted
          : await this.rooms.inFlight.track(this.#walk(admitted, { ...exchange, requestId }));
      if (refusal !== undefined) this.#refuse(protocol, refusal, { response, requestId });
    } catch (error) {
      this.rooms.log.error(`Request ${requestId} failed inside the relay.`, error);
      if (response.headersSent) response.destroy();
      else this.#refuse(protocol, new Refusal('internal', 'The relay failed: try again.'), { response, requestId });
    }
  }

  #refuse(
    protocol: ChatApi,
    refusal: Refusal,
    { response, requestId }: Pick<Exchange, 'response' | 'requestId'>,
  ): void {
    // The relay may have begun to stop while the request came in.
    if (this.rooms.inFlight.closing) response.shouldKeepAlive = false;
    sendRefusal(response, protocol, refusal, requestId);
  }

  authenticate(request: Pick<IncomingMessage, 'headers' | 'url'>): Caller | Refusal {
    const { snapshots, directory } = this.rooms;
    if (!snapshots.isLoaded) return NOT_LOADED;
    return directory.authenticate(presentedKey(request), Date.now());
  }

  /** Without a call to anyone. Nothing is booked for what is refused here. @returns undefined when the client left. */
  async #admit(found: FoundOperation, { request }: Pick<Exchange, 'request'>): Promise<Admitted | Refusal | undefined> {
    const { prices, channels } = this.rooms;
    const caller = this.authenticate(request);
    if (caller instanceof Refusal) return caller;
    const priceVersion = prices.version;
    if (priceVersion === undefined) return NOT_LOADED;
    const call = await readCall(found, request);
    if (call === undefined || call instanceof Refusal) return call;
    const { api, converts } = call.operation;
    const candidates = channels.candidates(api, call.model, converts === true);
    if (candidates.length === 0) return channels.refusal(api, call.model);
    return this.#whyNotNow() ?? { caller, candidates, call, priceVersion };
  }

  #whyNotNow(): Refusal | undefined {
    const { inFlight, journal } = this.rooms;
    if (inFlight.closing) return new Refusal('unavailable', 'This relay is stopping: try again.');
    return journal.hasRoom() ? undefined : NO_ROOM;
  }

  /** Candidate after candidate, until one has answered the client. @returns why none did. */
  async #walk(admitted: Admitted, exchange: Exchange): Promise<Refusal | undefined> {
    const { candidates, call } = admitted;
    let number = 0;
    for (const [at, candidate] of candidates.entries()) {
      const isLast = at === candidates.length - 1;
      const prepared = prepareAttempt(candidate, call, exchange);
      if (prepared instanceof Refusal && isLast) return prepared;
      if (prepared instanceof Refusal) continue;
      number += 1;
      const turn = { candidate, prepared, number, isLast };
      const held = await this.#hold(turn, admitted);
      if (held instanceof Refusal) return held;
      // The client may have left, or the relay begun to stop, while money was waited for.
      const refusal = this.#whyNotNow();
      if (refusal !== undefined || exchange.request.socket.destroyed) {
        held.release();
        return refusal;
      }
      const { answer, end } = await this.#attempt({ ...turn, held }, admitted, exchange);
      if (!isLast && mayBeReplaced(answer, end) && !this.rooms.inFlight.closing) continue;
      return answer.finish() ? undefined : noAnswer(call.model, end.error);
    }
    return noAnswer(call.model, undefined);
  }

  #hold({ prepared: { source, asked } }: Turn, { caller, call }: Admitted): Promise<HeldMoney | Refusal> {
    const { provider, api } = source;
    const { body, json } = asked;
    return this.rooms.money.hold(caller, { provider, model: call.model, api, bodyBytes: body.length, json });
  }

  async #attempt(turn: HeldTurn, admitted: Admitted, exchange: Exchange): Promise<{ answer: Answer; end: AnswerEnd }> {
    try {
      return await this.#attemptHeld(turn, admitted, exchange);
    } finally {
      turn.held.keep();
    }
  }

  async #attemptHeld(turn: HeldTurn, admitted: Admitted, exchange: Exchange) {
    const attempt = this.#open(turn, admitted, exchange.requestId);
    await this.rooms.journal.opened(attempt);
    const limits = {
      estimator: this.rooms.estimator,
      replaceable: !turn.isLast,
      firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS,
    };
    const answer = forwardAttempt(this.rooms.upstream, turn.prepared, limits, exchange);
    const end = await this.rooms.inFlight.ended(answer);
    const usage = await this.#usageOf(attempt, end, { ...turn.prepared.asked, operation: admitted.call.operation });
    await this.#settle(attempt, end, usage);
    turn.held.settle({ outcome: outcomeOf(end), priceVersion: attempt.priceVersion, usage });
    return { answer, end };
  }

  #open(
    { candidate: { channel }, prepared, number, held }: HeldTurn,
    { caller, call, priceVersion }: Admitted,
    requestId: string,
  ): OpenedAttempt {
    const { keyId, orgId, teamId, projectId } = caller;
    return {
      id: uuidv7(),
      relayId: this.rooms.relayId,
      requestId,
      attempt: number,
      keyId,
      orgId,
      teamId,
      projectId,
      channelId: channel.id,
      provider: channel.provider,
      api: prepared.source.api,
      requestedModel: call.model,
      leaseId: held.leaseId,
      priceVersion,
      startedAt: new Date().toISOString(),
    };
  }

  /** As the upstream told it, and counted from what passed where it told nothing or not all. */
  async #usageOf(attempt: OpenedAttempt, { usage, passed, httpStatus }: AnswerEnd, asked: Asked): Promise<Usage> {
    if (usage === undefined) return missingUsage(attempt);
    const units = chargedByRequest(asked.operation, asked.json);
    const isServed = httpStatus !== undefined && httpStatus < 300;
    if (units !== undefined && isServed && usage.completeness === 'missing') {
      return { ...usage, units, completeness: 'final' };
    }
    if (passed === undefined) return usage;
    try {
      return await this.rooms.estimator.complete(usage, passed, asked);
    } catch (error) {
      this.rooms.log.error(`Attempt ${attempt.id} is settled without an estimate of its usage.`, error);
      return usage;
    }
  }

  /** Exactly one terminal state, in the journal before the client sees the end. */
  async #settle(attempt: OpenedAttempt, end: AnswerEnd, usage: Usage): Promise<void> {
    const { journal, publisher, log } = this.rooms;
    const outcome = outcomeOf(end);
    const { httpStatus, firstByteAt, error } = end;
    const event = settleAttempt(attempt, {
      outcome,
      ...(httpStatus !== undefined && { httpStatus }),
      ...(firstByteAt !== undefined && { firstByteAt }),
      finishedAt: new Date().toISOString(),
      usage,
    });
    await journal.settled(event);
    publisher.add(event);
    if (error === undefined) return;
    log.warn(`Attempt ${attempt.id} on channel ${attempt.channelId} ended ${outcome}: ${error.message}`);
  }
}

/** The client has seen nothing yet, and another channel may do better. */
function mayBeReplaced(answer: Answer, { httpStatus, error }: AnswerEnd): boolean {
  if (!answer.isReplaceable) return false;
  return error !== undefined || (httpStatus !== undefined && isChannelFailure(httpStatus));
}

function noAnswer(model: string, error: Error | undefined): Refusal {
  const timeouts = [FirstByteTimeout, errors.HeadersTimeoutError, errors.ConnectTimeoutError];
  if (timeouts.some((timeout) => error instanceof timeout)) {
    return new Refusal('upstream_timeout', `The upstream of "${model}" did not answer in time: try again later.`);
  }
  return new Refusal(
    'upstream_unreachable',
    `The upstream of "${model}" could not be reached or gave no answer: try again later.`,
  );
}
