import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, errors } from 'undici';
import { uuidv7 } from 'uuidv7';
import type { Api } from '#protocols/api.js';
import { Refusal } from '#protocols/error-body.js';
import type { Usage } from '#usage/usage.js';
import type { JsonLogger } from '#telemetry/log.js';
import type { Caller, KeyDirectory } from './authenticate/key-directory.js';
import { presentedKey } from './authenticate/presented-key.js';
import type { Channel } from './channels/channel.js';
import type { ChannelTable } from './channels/channel-table.js';
import type { Estimator } from './estimate/estimator.js';
import { type Answer, type AnswerEnd, FirstByteTimeout } from './forward/answer.js';
import type { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { type Exchange, forwardAttempt } from './forward/forward-attempt.js';
import { isChannelFailure } from './forward/upstream-failure.js';
import type { OpenedAttempt } from './journal/journal-record.js';
import type { Journal } from './journal/journal.js';
import type { Publisher } from './publish/publisher.js';
import { readBody } from './receive/read-body.js';
import { checkContentType, type ModelRequest, readModelRequest } from './receive/read-request.js';
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
  readonly candidates: readonly Channel[];
  readonly model: ModelRequest;
  readonly priceVersion: string;
}

/** One candidate's turn. */
interface Turn {
  readonly channel: Channel;
  /** 1 for the first attempt of the request. */
  readonly number: number;
  /** No other attempt follows, whatever comes of this one. */
  readonly isLast: boolean;
}

/** The way of one request through the relay: authenticate, read, plan, and per candidate: open, forward, settle. */
export class RelayRequest {
  constructor(private readonly rooms: RelayRooms) {}

  async relay(api: Api, exchange: Omit<Exchange, 'requestId'>): Promise<void> {
    const requestId = uuidv7();
    const { response } = exchange;
    try {
      const admitted = await this.#admit(api, exchange);
      if (admitted === undefined) return;
      const refusal =
        admitted instanceof Refusal
          ? admitted
          : await this.rooms.inFlight.track(this.#walk(admitted, { ...exchange, requestId }));
      if (refusal !== undefined) this.#refuse(api, refusal, { response, requestId });
    } catch (error) {
      this.rooms.log.error(`Request ${requestId} failed inside the relay.`, error);
      if (response.headersSent) response.destroy();
      else this.#refuse(api, new Refusal('internal', 'The relay failed: try again.'), { response, requestId });
    }
  }

  #refuse(api: Api, refusal: Refusal, { response, requestId }: Pick<Exchange, 'response' | 'requestId'>): void {
    // The relay may have begun to stop while the request came in.
    if (this.rooms.inFlight.closing) response.shouldKeepAlive = false;
    sendRefusal(response, api, refusal, requestId);
  }

  authenticate(headers: IncomingHttpHeaders): Caller | Refusal {
    const { snapshots, directory } = this.rooms;
    if (!snapshots.isLoaded) return NOT_LOADED;
    return directory.authenticate(presentedKey(headers), Date.now());
  }

  /** Without a call to anyone. Nothing is booked for what is refused here. @returns undefined when the client left. */
  async #admit(api: Api, { request }: Pick<Exchange, 'request'>): Promise<Admitted | Refusal | undefined> {
    const { prices, channels, journal, inFlight } = this.rooms;
    const caller = this.authenticate(request.headers);
    if (caller instanceof Refusal) return caller;
    const priceVersion = prices.version;
    if (priceVersion === undefined) return NOT_LOADED;
    const wrongType = checkContentType(request.headers);
    if (wrongType !== undefined) return wrongType;
    const body = await readBody(request);
    if (body === undefined || body instanceof Refusal) return body;
    const model = readModelRequest(body);
    if (model instanceof Refusal) return model;
    const candidates = channels.find(api, model.model);
    if (candidates instanceof Refusal) return candidates;
    if (inFlight.closing) return new Refusal('unavailable', 'This relay is stopping: try again.');
    if (!journal.hasRoom()) return NO_ROOM;
    return { caller, candidates, model, priceVersion };
  }

  /** Candidate after candidate, until one has answered the client. @returns why none did. */
  async #walk(admitted: Admitted, exchange: Exchange): Promise<Refusal | undefined> {
    const { candidates, model } = admitted;
    for (const [at, channel] of candidates.entries()) {
      const isLast = at === candidates.length - 1;
      const { answer, end } = await this.#attempt({ channel, number: at + 1, isLast }, admitted, exchange);
      if (!isLast && mayBeReplaced(answer, end) && !this.rooms.inFlight.closing) continue;
      return answer.finish() ? undefined : noAnswer(model.model, end.error);
    }
    return noAnswer(model.model, undefined);
  }

  async #attempt(turn: Turn, admitted: Admitted, exchange: Exchange): Promise<{ answer: Answer; end: AnswerEnd }> {
    const attempt = this.#open(turn, admitted, exchange.requestId);
    await this.rooms.journal.opened(attempt);
    const limits = {
      estimator: this.rooms.estimator,
      replaceable: !turn.isLast,
      firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS,
    };
    const answer = forwardAttempt(this.rooms.upstream, { channel: turn.channel, ...limits }, admitted.model, exchange);
    const end = await this.rooms.inFlight.ended(answer);
    await this.#settle(attempt, end, await this.#usageOf(attempt, end, admitted.model));
    return { answer, end };
  }

  #open({ channel, number }: Turn, { caller, model, priceVersion }: Admitted, requestId: string): OpenedAttempt {
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
      api: channel.protocol,
      requestedModel: model.model,
      priceVersion,
      startedAt: new Date().toISOString(),
    };
  }

  /** As the upstream told it, and counted from what passed where it told nothing or not all. */
  async #usageOf(attempt: OpenedAttempt, { usage, passed }: AnswerEnd, request: ModelRequest): Promise<Usage> {
    if (usage === undefined) return missingUsage(attempt);
    if (passed === undefined) return usage;
    try {
      return await this.rooms.estimator.complete(usage, passed, request);
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
