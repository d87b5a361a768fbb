import { expect, it } from '@jest/globals';
import type { Usage } from '#usage/usage.js';
import { CutOff } from '../forward/answer.js';
import { outcomeOf } from './attempt-outcome.js';
import { verdictOf } from './verdict.js';

it.each([
  { httpStatus: 401, verdict: 'bad' },
  { httpStatus: 503, verdict: 'bad' },
  { httpStatus: 404, verdict: 'unknown' },
  { httpStatus: 200, verdict: 'unknown' },
  { httpStatus: undefined, verdict: 'unknown' },
])(
  'an answer of HTTP $httpStatus that the relay itself cut off is $verdict for its channel',
  ({ httpStatus, verdict }) => {
    const error = new CutOff('Nobody reads so long a refusal.');
    expect(verdictOf({ sent: true, httpStatus, clientLeft: false, error })).toBe(verdict);
  },
);

it.each([
  { completeness: 'missing', code: 'stream_error', outcome: 'broken', verdict: 'bad' },
  { completeness: 'missing', code: 'nothing_read', outcome: 'completed', verdict: 'good' },
  // Its usage came all the same: the provider bills it.
  { completeness: 'final', code: 'stream_error', outcome: 'completed', verdict: 'good' },
] as const)(
  'a stream whose usage is $completeness with $code is $outcome, and $verdict for its channel',
  ({ completeness, code, outcome, verdict }) => {
    const anomalies = [{ code, detail: 'The upstream reported server_error.' }];
    const usage: Usage = { provider: 'p', api: 'openai-chat', segments: [], completeness, anomalies };
    const end = { sent: true, httpStatus: 200, clientLeft: false, usage };
    expect([outcomeOf(end), verdictOf(end)]).toEqual([outcome, verdict]);
  },
);
