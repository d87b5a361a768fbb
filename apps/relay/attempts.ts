import type { Dispatcher } from 'undici';
import { uuidv7 } from 'uuidv7';
import type { ExperimentArm } from '#contracts/usage-event.js';
import type { Refusal } from '#protocols/error-body.js';
import type { JsonLogger } from '#telemetry/log.js';
import type { Usage } from '#usage/usage.js';
import type { AttemptMoney, HeldMoney } from './admit/attempt-money.js';
import type { Caller } from './authenticate/key-directory.js';
import type { Estimator } from './estimate/estimator.js';
import type { Answer, AnswerEnd } from './forward/answer.js';
import type { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { type Exchange, forwardAttempt, type PreparedAttempt } from './forward/forward-attempt.js';
import type { OpenedAttempt, SettledEvent } from './journal/journal-record.js';
import type { Journal } from './journal/journal.js';
import { chargedByRequest } from './operations/charged-by-request.js';
import type { Publisher } from './publish/publisher.js';
import type { ModelCall } from './receive/read-call.js';
import type { Verdict } from './route/breaker.js';
import type { Turn } from './route/turns.js';
import { outcomeOf } from './settle/attempt-outcome.js';
import { missingUsage, settleAttempt, settleBroken } from './settle/settle-attempt.js';
import { verdictOf } from './settle/verdict.js';

export interface AttemptRooms {
  readonly relayId: string;
  readonly journal: Journal;
  readonly publisher: Publisher;
  readonly upstream: Dispatcher;
  readonly inFlight: AttemptsInFlight;
  readonly money: AttemptMoney;
  readonly estimator: Estimator;
  readonly log: JsonLogger;
}

/** One candidate's turn, ready to go. */
export interface PreparedTurn extends Turn {
  readonly prepared: PreparedAttempt;
}

interface HeldTurn extends PreparedTurn {
  /** For this attempt alone: an attempt that failed may cost something too. */
  readonly held: HeldMoney;
}

/** What a request is, whichever channel answers it. */
export interface AdmittedCall {
  readonly caller: Caller;
  readonly call: ModelCall;
  readonly priceVersion: string;
  readonly experiment?: ExperimentArm;
}

type Asked = Pick<ModelCall, 'operation' | 'body' | 'json'>;

/** Models may think for minutes before their first byte: the official SDKs wait ten. */
const FIRST_BYTE_TIMEOUT_MS = 600_000;

/** Attempts at answering a request: each is journaled, forwarded and settled, and ends in exactly one usage event. */
export class Attempts {
  constructor(private readonly rooms: AttemptRooms) {}

  hold(
    { prepared: { source, asked }, candidate: { model } }: PreparedTurn,
    { caller }: AdmittedCall,
  ): Promise<HeldMoney | Refusal> {
    const { provider, api } = source;
    const { body, json } = asked;
    return this.rooms.money.hold(caller, { provider, model, api, bodyBytes: body.length, json });
  }

  async run(turn: HeldTurn, admitted: AdmittedCall, exchange: Exchange): Promise<{ answer: Answer; end: AnswerEnd }> {
    const { vitals } = turn.candidate;
    const begun = vitals.begin(admitted.call.stream ? 'stream' : 'whole', Date.now());
    let verdict: Verdict = 'unknown';
    let leaveAloneMs: number | undefined;
    try {
      const attempt = this.#open(turn, admitted, exchange.requestId);
      await this.rooms.journal.opened(attempt);
      let answer: Answer, end: AnswerEnd, usage: Usage, event: SettledEvent;
      try {
        answer = this.#forward(turn, exchange, () => vitals.answered(begun, Date.now()));
        end = await this.rooms.inFlight.ended(answer);
        verdict = verdictOf(end);
        leaveAloneMs = end.retryAfterMs;
        usage = await this.#usageOf(attempt, end, { ...turn.prepared.asked, operation: admitted.call.operation });
        event = eventOf(attempt, end, usage);
      } catch (error) {
        await this.#record(settleBroken(attempt, new Date().toISOString()));
        throw error;
      }
      await this.#record(event);
      this.#tell(attempt, end);
      turn.held.settle({ outcome: outcomeOf(end), priceVersion: attempt.priceVersion, usage });
      return { answer, end };
    } finally {
      vitals.end(begun, verdict, { nowMs: Date.now(), leaveAloneMs });
      turn.held.keep();
    }
  }

  #forward({ candidate, isLast, prepared }: HeldTurn, exchange: Exchange, answered: () => void): Answer {
    const { firstByteMs = FIRST_BYTE_TIMEOUT_MS, idleMs, totalMs } = candidate.channel.timeouts ?? {};
    const limits = {
      estimator: this.rooms.estimator,
      replaceable: !isLast,
      answered,
      cancels: candidate.channel.whenClientLeaves === 'cancel',
      timeouts: { firstByteMs, idleMs, totalMs },
    };
    return forwardAttempt(this.rooms.upstream, prepared, limits, exchange);
  }

  #open(
    { candidate: { channel, model }, prepared, number, held }: HeldTurn,
    { caller, priceVersion, experiment }: AdmittedCall,
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
      ...(experiment !== undefined && { experiment }),
      provider: channel.provider,
      api: prepared.source.api,
      requestedModel: model,
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
  async #record(event: SettledEvent): Promise<void> {
    await this.rooms.journal.settled(event);
    this.rooms.publisher.add(event);
  }

  #tell(attempt: OpenedAttempt, end: AnswerEnd): void {
    const { log } = this.rooms;
    const { error, lost = [] } = end;
    if (lost.length > 0) {
      log.warn(
        `The answer of attempt ${attempt.id} lost on its way into another protocol: ${lost.slice(0, 10).join(', ')}.`,
      );
    }
    if (error === undefined) return;
    log.warn(`Attempt ${attempt.id} on channel ${attempt.channelId} ended ${outcomeOf(end)}: ${error.message}`);
  }
}

function eventOf(attempt: OpenedAttempt, end: AnswerEnd, usage: Usage): SettledEvent {
  const { httpStatus, firstByteAt } = end;
  return settleAttempt(attempt, {
    outcome: outcomeOf(end),
    ...(httpStatus !== undefined && { httpStatus }),
    ...(firstByteAt !== undefined && { firstByteAt }),
    finishedAt: new Date().toISOString(),
    usage,
  });
}
