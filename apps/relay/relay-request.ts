import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors } from 'undici';
import type { AddressRanges } from '#policy/address-ranges.js';
import { Refusal } from '#protocols/error-body.js';
import type { JsonLogger } from '#telemetry/log.js';
import { inputTokens, outputTokens, type Usage } from '#usage/usage.js';
import { estimateTokens } from './admit/estimate-cost.js';
import { rateHeaders } from './admit/rate-headers.js';
import type { HeldRates, RateKeeper } from './admit/rate-keeper.js';
import type { AdmittedCall, Attempts, HeldTurn } from './attempts.js';
import type { Caller, KeyDirectory } from './authenticate/key-directory.js';
import { presentedKey } from './authenticate/presented-key.js';
import type { ChannelTable } from './channels/channel-table.js';
import { type Answer, type AnswerEnd, CutOff, UpstreamTimeout } from './forward/answer.js';
import type { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { type Exchange, prepareAttempt } from './forward/forward-attempt.js';
import { accessRefused, isChannelFailure, refusesAccess } from './forward/upstream-failure.js';
import type { Journal } from './journal/journal.js';
import { newId } from './new-id.js';
import type { FoundOperation } from './operations/find-operation.js';
import type { Operation } from './operations/operations.js';
import { refuseModel } from './policy/check-policy.js';
import { permitCall } from './policy/permit-call.js';
import type { BodyMemory } from './receive/body-memory.js';
import { type ModelCall, readCall, receiveBody } from './receive/read-call.js';
import { readBody } from './receive/read-body.js';
import { readPatience } from './receive/read-patience.js';
import { sendRefusal } from './receive/send-refusal.js';
import { sharedChannel, storedMember } from './receive/stored-member.js';
import { explainPlan } from './route/explain-plan.js';
import { PlanPassthrough } from './route/plan-passthrough.js';
import type { Plan, RoutedCall, Router } from './route/router.js';
import { type Turn, Turns } from './route/turns.js';
import { sendJson } from './server/send-json.js';
import { outcomeOf } from './settle/attempt-outcome.js';
import type { CurrentPrices } from './snapshots/current-prices.js';
import type { Snapshots } from './snapshots/snapshots.js';
import { steadyNow } from './steady-now.js';

export interface RelayRooms {
  readonly snapshots: Snapshots;
  readonly directory: KeyDirectory;
  readonly trustedProxies: AddressRanges;
  readonly prices: CurrentPrices;
  readonly channels: ChannelTable;
  readonly router: Router;
  readonly journal: Journal;
  readonly rates: RateKeeper;
  readonly bodies: BodyMemory;
  readonly attempts: Attempts;
  readonly inFlight: AttemptsInFlight;
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

const STOPPING = new Refusal('unavailable', 'This relay is stopping: try again.');

const STOPPED = new Refusal(
  'unavailable',
  'The relay was stopped before the upstream had answered, which may bill it all the same: try again.',
);

const FAILED = new Refusal('internal', 'The relay failed: try again.');

/** A call that may be made, and where it goes. */
interface Planned {
  readonly caller: Caller;
  readonly call: ModelCall;
  readonly plan: Plan;
}

type ClientExchange = Omit<Exchange, 'requestId'>;
/** @returns what the client is told; undefined when it has its answer, or has left. */
type Answering = (planned: Planned, exchange: Exchange) => Promise<Refusal | undefined> | undefined;

interface Admitted extends AdmittedCall {
  readonly plan: Plan;
  /** Absent where no policy limits the caller. */
  readonly rates: HeldRates | undefined;
}

/**
 * The way of one request through the relay: authenticate, read, plan, and per candidate: open, forward, settle. What need
 * not wait is no async function: each costs as much as a part of the way itself.
 */
export class RelayRequest {
  readonly #passthrough: PlanPassthrough;

  constructor(private readonly rooms: RelayRooms) {
    this.#passthrough = new PlanPassthrough(rooms);
  }

  relay(found: FoundOperation, exchange: ClientExchange): Promise<void> {
    return this.#serve(found, exchange, this.#relay);
  }

  /** The dry run: where a call would go, and why. Nothing is sent upstream, and nothing is booked. */
  explain(found: FoundOperation, exchange: ClientExchange): Promise<void> {
    return this.#serve(found, exchange, explain);
  }

  /**
   * What the relay does not know goes upstream unread, where the policies of its key name it: authenticated, limited, paid
   * for and settled like all others. @param unknown what everybody else is told.
   */
  async passThrough(operation: Operation, unknown: Refusal, { request, response }: ClientExchange): Promise<void> {
    const exchange: Exchange = { requestId: newId(), request, response };
    try {
      const refusal = await this.#passThrough(operation, unknown, exchange);
      if (refusal !== undefined) this.#refuse(operation, refusal, exchange);
    } catch (error) {
      this.#fail(operation, error, exchange);
    } finally {
      this.rooms.bodies.giveBack(request);
    }
  }

  async #passThrough(operation: Operation, unknown: Refusal, exchange: Exchange): Promise<Refusal | undefined> {
    const { request } = exchange;
    const caller = this.#authenticate(request);
    // A stranger is not told what there is.
    if (caller instanceof Refusal) return caller.code === 'unauthenticated' ? unknown : caller;
    const planned = this.#passthrough.plan(operation, caller, request);
    if (planned === undefined || planned instanceof Refusal) return planned ?? unknown;
    const body = await readBody(request, this.rooms.bodies);
    if (body === undefined || body instanceof Refusal) return body;
    const { plan, model } = planned;
    const call: ModelCall = { operation, model, unnamed: true, stream: false, body, json: undefined };
    return this.#relay({ caller, call, plan }, exchange);
  }

  async #serve(found: FoundOperation, { request, response }: ClientExchange, answer: Answering): Promise<void> {
    const exchange: Exchange = { requestId: newId(), request, response };
    try {
      const caller = this.#authenticate(request);
      if (caller instanceof Refusal) return this.#refuse(found.operation, caller, exchange);
      const body = await receiveBody(found.operation, request, this.rooms.bodies);
      if (body === undefined) return;
      if (body instanceof Refusal) return this.#refuse(found.operation, body, exchange);
      const planned = this.#plan(readCall(found, request, body), caller, request);
      if (planned instanceof Refusal) return this.#refuse(found.operation, planned, exchange);
      const refusal = await answer(planned, exchange);
      if (refusal !== undefined) this.#refuse(found.operation, refusal, exchange);
    } catch (error) {
      this.#fail(found.operation, error, exchange);
    } finally {
      this.rooms.bodies.giveBack(request);
    }
  }

  #fail(operation: Operation, error: unknown, exchange: Exchange): void {
    this.rooms.log.error(`Request ${exchange.requestId} failed inside the relay.`, error);
    if (exchange.response.headersSent) exchange.response.destroy();
    else this.#refuse(operation, FAILED, exchange);
  }

  #refuse({ protocol }: Operation, refusal: Refusal, { response, requestId }: Exchange): void {
    // The relay may have begun to stop while the request came in.
    if (this.rooms.inFlight.closing) response.shouldKeepAlive = false;
    sendRefusal(response, protocol, refusal, requestId);
  }

  /** Who asks for what the relay answers itself, and may. */
  authorise(operation: Operation, request: IncomingMessage): Caller | Refusal {
    const caller = this.#authenticate(request);
    if (caller instanceof Refusal) return caller;
    const permitted = permitCall({ operation }, request, caller, this.rooms.trustedProxies);
    return permitted instanceof Refusal ? permitted : caller;
  }

  #authenticate(request: IncomingMessage): Caller | Refusal {
    const { snapshots, directory } = this.rooms;
    if (!snapshots.isLoaded) return NOT_LOADED;
    return directory.authenticate(presentedKey(request), Date.now(), request.socket);
  }

  /** Without a call to anyone. Nothing is booked for what is refused here. */
  #plan(call: ModelCall | Refusal, caller: Caller, request: IncomingMessage): Planned | Refusal {
    if (call instanceof Refusal) return call;
    const permitted = permitCall(call, request, caller, this.rooms.trustedProxies);
    if (permitted instanceof Refusal) return permitted;
    const { operation, stream, body, json } = call;
    const { model = call.model, regions, metadata } = permitted;
    let passedOver: Refusal | undefined;
    const routed: RoutedCall = {
      keyId: caller.keyId,
      orgId: caller.orgId,
      operation,
      model,
      regions,
      stream,
      bytes: body.length,
      json,
      metadata,
      stored: json && storedMember(json),
      patienceMs: readPatience(request.headers),
      permits: (other) => {
        const refusal = refuseModel(caller.policies, other);
        passedOver ??= refusal;
        return refusal === undefined;
      },
    };
    const plan = this.rooms.router.plan(routed, steadyNow());
    if (plan.considered.length > 0) return { caller, call, plan };
    // A route's name may be permitted and none of its models: that they are not served would be wrong.
    return passedOver ?? this.rooms.channels.refusal(operation.api, model, caller.orgId);
  }

  readonly #relay: Answering = async (planned, exchange) => {
    const { caller, call, plan } = planned;
    if (plan.candidates.length === 0) return leftOut(call, plan);
    const priceVersion = this.rooms.prices.version;
    if (priceVersion === undefined) return NOT_LOADED;
    const refusal = this.#whyNotNow();
    if (refusal !== undefined) return refusal;
    const rates = await this.#count(planned, exchange.response);
    if (rates instanceof Refusal) return rates;
    this.rooms.inFlight.begin();
    try {
      // It may have begun to stop meanwhile: money that is taken now would be given back by nobody.
      if (this.rooms.inFlight.closing) return STOPPING;
      return await this.#walk({ caller, call, plan, priceVersion, experiment: plan.experiment, rates }, exchange);
    } finally {
      this.rooms.inFlight.end();
      rates?.end();
    }
  };

  #count({ caller, call }: Planned, response: ServerResponse): Promise<HeldRates | Refusal> | undefined {
    const { operation, model, body, json } = call;
    const counted = this.rooms.rates.admit(caller, () => {
      const { input, output } = estimateTokens({ api: operation.api, model, bodyBytes: body.length, json });
      return input + output;
    });
    return counted?.then((rates) => {
      this.#tellRates(operation, caller, response);
      return rates;
    });
  }

  #tellRates({ protocol }: Operation, caller: Caller, response: ServerResponse): void {
    const headers = rateHeaders(protocol, this.rooms.rates.standings(caller), Date.now());
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  }

  #whyNotNow(): Refusal | undefined {
    const { inFlight, journal } = this.rooms;
    if (inFlight.closing) return STOPPING;
    return journal.hasRoom() ? undefined : NO_ROOM;
  }

  /** Candidate after candidate, until one has answered the client. @returns why none did. */
  async #walk(admitted: Admitted, exchange: Exchange): Promise<Refusal | undefined> {
    const { plan, call } = admitted;
    const turns = new Turns(plan, Math.random);
    let turn = turns.first();
    let refusal: Refusal | undefined;
    let failed: (Taken & { readonly turn: Turn }) | undefined;
    while (turn !== undefined) {
      // A timer of 0 ms takes one: every request would wait for it.
      if (turn.pauseMs > 0) await this.rooms.inFlight.pause(turn.pauseMs);
      const prepared = prepareAttempt(turn.candidate, call, exchange);
      if (prepared instanceof Refusal) {
        refusal = prepared;
        turn = turns.instead(steadyNow());
        continue;
      }
      const held = await this.rooms.attempts.hold({ turn, prepared }, admitted);
      const taken = held instanceof Refusal ? held : await this.#take({ turn, prepared, held }, admitted, exchange);
      if (taken instanceof Refusal && taken.code === 'insufficient_quota') {
        // Another candidate may be cheaper.
        refusal = taken;
        turn = turns.without(turn, steadyNow());
        continue;
      }
      if (taken === undefined || taken instanceof Refusal) return taken;
      const { answer, end } = taken;
      const tokens = knownTokens(end);
      if (tokens !== undefined) admitted.rates?.used(tokens);
      const next = this.#isReplaced(taken)
        ? turns.after({ turn, retryAfterMs: end.retryAfterMs }, steadyNow())
        : undefined;
      if (next === undefined) return answer.finish() ? undefined : noAnswer(turn, end);
      failed = { ...taken, turn };
      turn = next;
    }
    // What an upstream said is worth more than that another one cannot be asked.
    if (failed === undefined) return refusal;
    return failed.answer.finish() ? undefined : noAnswer(failed.turn, failed.end);
  }

  /** The client may have left, or the relay begun to stop, while money was waited for. */
  #take(ready: HeldTurn, admitted: Admitted, exchange: Exchange): Promise<Taken> | Refusal | undefined {
    const refusal = this.#whyNotNow();
    if (refusal === undefined && !exchange.request.socket.destroyed) {
      admitted.rates?.sent();
      return this.rooms.attempts.run(ready, admitted, exchange);
    }
    ready.held.release();
    return refusal;
  }

  /** The client has seen nothing yet, and another channel may do better. */
  #isReplaced({ answer, end: { httpStatus, error } }: Taken): boolean {
    if (!answer.isReplaceable || this.rooms.inFlight.closing) return false;
    return error !== undefined || (httpStatus !== undefined && isChannelFailure(httpStatus));
  }
}

interface Taken {
  readonly answer: Answer;
  readonly end: AnswerEnd;
}

/** @returns undefined where nobody knows yet. What the upstream refused or never got used none. */
function knownTokens(end: AnswerEnd): number | undefined {
  if (end.usage?.completeness === 'final') return tokensOf(end.usage);
  return outcomeOf(end) === 'failed' ? 0 : undefined;
}

const tokensOf = ({ segments }: Usage): number =>
  segments.reduce((sum, segment) => sum + inputTokens(segment) + outputTokens(segment), 0);

function explain({ plan }: Planned, { response, requestId }: Exchange): undefined {
  response.setHeader('x-request-id', requestId);
  sendJson(response, explainPlan(plan, steadyNow()));
}

function leftOut({ model, json = {} }: ModelCall, { considered }: Plan): Refusal {
  if (considered.some(({ leftOut }) => leftOut === 'shared')) return sharedChannel(storedMember(json) ?? '');
  return new Refusal(
    'forbidden',
    `No channel may serve the model "${model}" to this key: the same call with /route before its path tells why.`,
    'model',
  );
}

function noAnswer({ candidate: { model } }: Turn, { error, httpStatus }: AnswerEnd): Refusal {
  if (httpStatus !== undefined && refusesAccess(httpStatus)) return accessRefused(`The upstream of "${model}"`);
  // Its client is there and was told nothing: so it was the stop of the relay that cut it off, and not the upstream's fault.
  if (error instanceof CutOff) return STOPPED;
  const timeouts = [UpstreamTimeout, errors.ConnectTimeoutError];
  if (timeouts.some((timeout) => error instanceof timeout)) {
    return new Refusal('upstream_timeout', `The upstream of "${model}" did not answer in time: try again later.`);
  }
  return new Refusal(
    'upstream_unreachable',
    `The upstream of "${model}" could not be reached or gave no answer: try again later.`,
  );
}
