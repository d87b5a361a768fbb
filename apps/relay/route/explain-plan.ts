import type { Considered, Plan } from './router.js';

/** A routing decision as the dry run tells it. */
export function explainPlan(plan: Plan, nowMs: number): object {
  const { strategy, rule, experiment, candidates, considered, rounds, deadlineAtMs } = plan;
  return {
    strategy,
    ...(rule !== undefined && { rule }),
    ...(experiment !== undefined && { experiment }),
    rounds,
    deadlineMs: deadlineAtMs - nowMs,
    candidates: considered.map((one) => explain(one, { nowMs, at: candidates.indexOf(one.candidate) })),
  };
}

function explain({ candidate, breaker, score, leftOut }: Considered, { nowMs, at }: { nowMs: number; at: number }) {
  const { channel, api, model, upstreamModel, vitals } = candidate;
  return {
    channel: channel.id,
    provider: channel.provider,
    ...(channel.region !== undefined && { region: channel.region }),
    model,
    upstreamModel,
    api,
    // JSON has no infinity: a score that cannot be told is none.
    ...(score !== undefined && Number.isFinite(score) && { score }),
    breaker,
    inFlight: vitals.inFlight,
    firstByteMs: { stream: vitals.firstByte.stream.averageMs(nowMs), whole: vitals.firstByte.whole.averageMs(nowMs) },
    totalMs: { stream: vitals.total.stream.averageMs(nowMs), whole: vitals.total.whole.averageMs(nowMs) },
    turn: at >= 0 ? at + 1 : null,
    ...(leftOut !== undefined && { why: reasons[leftOut] }),
  };
}

const reasons: Readonly<Record<NonNullable<Considered['leftOut']>, string>> = {
  region: 'Its region is not among those that the policies of this key permit.',
  shared: 'The request names what is stored at an upstream, and this account is not one organisation’s own.',
  channels: 'The route of the model names other channels.',
  isolated:
    'Its circuit breaker keeps requests away: of late it failed, hung, or asked to be left alone, or nobody answers its health check.',
};
