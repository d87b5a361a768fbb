import type { Dispatcher } from 'undici';
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
import { tellRefusal } from './forward/upstream-failure.js';
import type { OpenedAttempt, SettledEvent } from './journal/journal-record.js';
import type { Journal } from './journal/journal.js';
import { isoNow } from './iso-now.js';
import { newId } from './new-id.js';
import { chargedByRequest } from './operations/charged-by-request.js';
import type { Publisher } from './publish/publisher.js';
import type { ModelCall } from './receive/read-call.js';
import type { Verdict } from './route/breaker.js';
import type { Turn } from './route/turns.js';
import { outcomeOf } from './settle/attempt-outcome.js';
import { missingUsage, settleAttempt, settleBroken } from './settle/settle-attempt.js';
import { verdictOf } from './settle/verdict.js';
import { steadyNow } from './steady-now.js';

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
export interface PreparedTurn {
  readonly turn: Turn;
  readonly prepared: PreparedAttempt;
}

export interface HeldTurn extends PreparedTurn {
  /** For this attempt alone: an attempt that failed may cost something too. */
  readonly held: HeldMoney;
}

/** What a request is, whichever channel answers it. */
export interface AdmittedCall {
  readonly caller: Caller;
  readonly call: ModelCall;
  readonly priceVersion: string;
  readonly experiment: ExperimentArm | undefined;
}

type Asked = Pick<AdmittedCall, 'call'> & Pick<PreparedAttempt, 'asked'>;

const NO_TIMEOUTS = {};

/** Attempts at answering a request: each is journaled, forwarded and settled, and ends in exactly one usage event. */
export class Attempts {
  constructor(private readonly rooms: AttemptRooms) {}

  hold({ turn, prepared }: PreparedTurn, { caller }: AdmittedCall): HeldMoney | Refusal | Promise<HeldMoney | Refusal> {
    const { provider, api } = prepared.source;
    const { body, json } = prepared.asked;
    const { model, upstreamModel } = turn.candidate;
    const planned = { provider, model, upstreamModel, api, bodyBytes: body.length, json };
    return this.rooms.money.hold(caller, planned);
  }

  async run(ready: HeldTurn, admitted: AdmittedCall, exchange: Exchange): Promise<{ answer: Answer; end: AnswerEnd }> {
    const { vitals } = ready.turn.candidate;
    const begun = vitals.begin(admitted.call.stream ? 'stream' : 'whole', steadyNow());
    let verdict: Verdict = 'unknown';
    let leaveAloneMs: number | undefined;
    try {
      const attempt = this.#open(ready, admitted, exchange.requestId);
      await this.rooms.journal.opened(attempt);
      let answer: Answer, end: AnswerEnd, usage: Usage, event: SettledEvent;
      try {
        answer = this.#forward(ready, exchange, () => vitals.answered(begun, steadyNow()));
        this.rooms.inFlight.add(answer);
        end = await answer.ended;
        this.rooms.inFlight.remove(answer);
        verdict = verdictOf(end);
        leaveAloneMs = end.retryAfterMs;
        usage = await this.#usageOf(attempt, end, { call: admitted.call, asked: ready.prepared.asked });
        event = eventOf(attempt, end, usage);
      } catch (error) {
        const broken = settleBroken(attempt, isoNow());
        await this.rooms.journal.settled(broken);
        this.rooms.publisher.add(broken);
        throw error;
      }
      // Exactly one terminal state, in the journal before the client sees the end.
      await this.rooms.journal.settled(event);
      this.rooms.publisher.add(event);
      this.#tell(attempt, end);
      if (end.refusedAs !== undefined) {
        this.rooms.log.warn(tellRefusal(ready.turn.candidate.channel, end.httpStatus!, end.refusedAs));
      }
      ready.held.settle({ outcome: outcomeOf(end), priceVersion: attempt.priceVersion, usage });
      return { answer, end };
    } finally {
      vitals.end(begun, verdict, { nowMs: steadyNow(), leaveAloneMs });
      ready.held.keep();
    }
  }

  #forward({ turn, prepared }: HeldTurn, exchange: Exchange, answered: () => void): Answer {
    const { channel } = turn.candidate;
    const limits = {
      estimator: this.rooms.estimator,
      replaceable: !turn.isLast,
      answered,
      cancels: channel.whenClientLeaves === 'cancel',
      timeouts: channel.timeouts ?? NO_TIMEOUTS,
    };
    return forwardAttempt(this.rooms.upstream, prepared, limits, exchange);
  }

  #open(
    { turn, prepared, held }: HeldTurn,
    { caller, priceVersion, experiment }: AdmittedCall,
    requestId: string,
  ): OpenedAttempt {
    const { channel, model } = turn.candidate;
    const attempt: OpenedAttempt = {
      id: newId(),
      relayId: this.rooms.relayId,
      requestId,
      attempt: turn.number,
      keyId: caller.keyId,
      orgId: caller.orgId,
      teamId: caller.teamId,
      projectId: caller.projectId,
      channelId: channel.id,
      provider: channel.provider,
      api: prepared.source.api,
      requestedModel: model,
      leaseId: held.leaseId,
      priceVersion,
      startedAt: isoNow(),
    };
    if (experiment !== undefined) attempt.experiment = experiment;
    return attempt;
  }

  /** As the upstream told it, and counted from what passed where it told nothing or not all. */
  #usageOf(attempt: OpenedAttempt, end: AnswerEnd, { call, asked }: Asked): Usage | Promise<Usage> {
    const { usage, passed, httpStatus } = end;
    if (usage === undefined || call.operation.unmetered === true) return missingUsage(attempt);
    // What nobody has read is not estimated: it may be anything.
    if (call.operation.name === 'passthrough') return usage;
    const isServed = httpStatus !== undefined && httpStatus < 300;
    if (isServed && usage.completeness === 'missing') {
      const units = chargedByRequest(call.operation, asked.json);
      if (units !== undefined) return { ...usage, units, completeness: 'final' };
    }
    if (passed === undefined) return usage;
    return this.rooms.estimator.complete(usage, passed, asked).catch((error: unknown) => {
      this.rooms.log.error(`Attempt ${attempt.id} is settled without an estimate of its usage.`, error);
      return usage;
    });
  }

  #tell(attempt: OpenedAttempt, end: AnswerEnd): void {
    const { log } = this.rooms;
    const { error, lost } = end;
    if (lost !== undefined && lost.length > 0) {
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
  const finishedAt = isoNow();
  return settleAttempt(attempt, { outcome: outcomeOf(end), httpStatus, firstByteAt, finishedAt, usage });
}
