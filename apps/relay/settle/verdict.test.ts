import { expect, it } from '@jest/globals';
import { CutOff } from '../forward/answer.js';
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
