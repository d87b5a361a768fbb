import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Breaker, breakerLimits, type Verdict } from './breaker.js';

const { consecutiveFailures, firstPauseMs, lastPauseMs, leaveAloneMaxMs, minAttempts } = breakerLimits;
const EXPECTED_MS = 2_000;

function attempt(breaker: Breaker, verdict: Verdict, nowMs: number, leaveAloneMs?: number): void {
  const ticket = breaker.begin(nowMs, EXPECTED_MS);
  breaker.end(ticket, verdict, { nowMs, ...(leaveAloneMs !== undefined && { leaveAloneMs }) });
}

function opened(nowMs = 0): Breaker {
  const breaker = new Breaker();
  for (let failures = 0; failures < consecutiveFailures; failures += 1) attempt(breaker, 'bad', nowMs);
  return breaker;
}

describe('a breaker', () => {
  it('opens after failures in a row, and lets a probe through after a pause', () => {
    const breaker = opened();
    expect([breaker.state(0), breaker.permits(firstPauseMs - 1)]).toEqual(['open', false]);
    expect([breaker.state(firstPauseMs), breaker.permits(firstPauseMs)]).toEqual(['half-open', true]);
  });

  it('opens at a share of failures that are never many in a row', () => {
    const breaker = new Breaker();
    for (let at = 0; at < minAttempts / 2; at += 1) {
      expect(breaker.state(at)).toBe('closed');
      attempt(breaker, 'bad', at);
      attempt(breaker, 'good', at);
    }
    attempt(breaker, 'bad', minAttempts);
    expect(breaker.state(minAttempts)).toBe('open');
  });

  it('forgets what is older than its window', () => {
    const breaker = new Breaker();
    for (let at = 0; at < 200; at += 1) {
      attempt(breaker, 'bad', at * 10_000);
      attempt(breaker, 'good', at * 10_000);
    }
    expect(breaker.state(2_000_000)).toBe('closed');
  });

  it('opens in less than 3 s when attempts hang, and not when others get an answer meanwhile', () => {
    const [hanging, slow] = [new Breaker(), new Breaker()];
    for (let at = 0; at < 500; at += 100) {
      hanging.begin(at, EXPECTED_MS);
      slow.begin(at, EXPECTED_MS);
    }
    slow.answered(slow.begin(600, EXPECTED_MS));
    expect([hanging.state(1_900), slow.state(1_900)]).toEqual(['closed', 'closed']);
    expect([hanging.state(2_900), slow.state(2_900)]).toEqual(['open', 'closed']);
  });

  it('lets one probe through at a time, and pauses twice as long after each that fails, up to a bound', () => {
    const breaker = opened();
    let nowMs = 0;
    for (let pauseMs: number = firstPauseMs; pauseMs <= 2 * lastPauseMs; pauseMs *= 2) {
      const boundedMs = Math.min(pauseMs, lastPauseMs);
      expect([breaker.permits(nowMs + boundedMs - 1), breaker.permits(nowMs + boundedMs)]).toEqual([false, true]);
      nowMs += boundedMs;
      const probe = breaker.begin(nowMs, EXPECTED_MS);
      expect(breaker.permits(nowMs)).toBe(false);
      breaker.end(probe, 'bad', { nowMs });
    }
  });

  it('closes after good probes', () => {
    const breaker = opened();
    attempt(breaker, 'good', firstPauseMs);
    expect([breaker.state(firstPauseMs), breaker.permits(firstPauseMs)]).toEqual(['half-open', true]);
    attempt(breaker, 'good', firstPauseMs);
    expect(breaker.state(firstPauseMs)).toBe('closed');
  });

  it('is not moved by attempts from before it opened', () => {
    const breaker = new Breaker();
    const old = Array.from({ length: 20 }, () => breaker.begin(0, EXPECTED_MS));
    for (const ticket of old.slice(0, 10)) breaker.end(ticket, 'bad', { nowMs: 100 });
    for (const ticket of old.slice(10)) breaker.end(ticket, 'good', { nowMs: 200 });
    expect([breaker.permits(100 + firstPauseMs - 1), breaker.permits(100 + firstPauseMs)]).toEqual([false, true]);
  });

  it('leaves an upstream alone for as long as that asks, within a bound', () => {
    const [short, long] = [new Breaker(), new Breaker()];
    attempt(short, 'bad', 0, 5_000);
    attempt(long, 'bad', 0, 86_400_000);
    expect([short.permits(4_999), short.permits(5_000)]).toEqual([false, true]);
    expect(long.permits(leaveAloneMaxMs)).toBe(true);
  });

  describe('that a health check speaks to', () => {
    const UNTIL_MS = 20_000;
    const failed = (breaker: Breaker, nowMs: number) =>
      breaker.checkFailed({ nowMs, sinceMs: nowMs - 10_000, untilMs: nowMs + UNTIL_MS });

    it('is open from a failed check until the next one has spoken, and no request is the one that finds out', () => {
      const breaker = new Breaker();
      failed(breaker, 0);
      expect([breaker.state(UNTIL_MS - 1), breaker.permits(UNTIL_MS - 1)]).toEqual(['open', false]);
      expect(breaker.state(UNTIL_MS)).toBe('half-open');
      failed(breaker, UNTIL_MS);
      // One that was sent all the same, because all are isolated, does not shorten it.
      attempt(breaker, 'bad', UNTIL_MS + 1);
      expect(breaker.permits(2 * UNTIL_MS - 1)).toBe(false);
    });

    it('lets a probe through at once when a check passes, and is closed by requests alone', () => {
      const breaker = new Breaker();
      failed(breaker, 0);
      breaker.checkPassed(5_000);
      expect([breaker.state(5_000), breaker.permits(5_000)]).toEqual(['half-open', true]);
      for (let at = 5_000; at < 60_000; at += 1_000) breaker.checkPassed(at);
      expect(breaker.state(60_000)).toBe('half-open');
      attempt(breaker, 'good', 60_000);
      attempt(breaker, 'good', 60_000);
      expect(breaker.state(60_000)).toBe('closed');
    });

    it('believes a request that ended well of late, and not the check', () => {
      const breaker = new Breaker();
      attempt(breaker, 'good', 1_000);
      failed(breaker, 10_000);
      expect(breaker.state(10_000)).toBe('closed');
      failed(breaker, 12_000);
      expect(breaker.state(12_000)).toBe('open');
      attempt(breaker, 'good', 12_001);
      attempt(breaker, 'good', 12_002);
      expect(breaker.state(12_002)).toBe('closed');
    });

    it('leaves an upstream alone for as long as that asked, also when a check passes', () => {
      const breaker = new Breaker();
      attempt(breaker, 'bad', 0, 30_000);
      breaker.checkPassed(1_000);
      expect([breaker.permits(29_999), breaker.permits(30_000)]).toEqual([false, true]);
    });

    it('does not open for what passes', () => {
      const breaker = new Breaker();
      breaker.checkPassed(0);
      expect(breaker.state(0)).toBe('closed');
    });
  });

  const ends = fc.array(fc.tuple(fc.constantFrom<Verdict>('good', 'bad', 'unknown'), fc.nat(3_000)));

  it('is never open for longer than its longest pause, whatever it sees', () => {
    fc.assert(
      fc.property(ends, (seen) => {
        const breaker = new Breaker();
        let nowMs = 0;
        for (const [verdict, passedMs] of seen) {
          nowMs += passedMs;
          if (breaker.state(nowMs) !== 'open') attempt(breaker, verdict, nowMs);
          expect(breaker.permits(nowMs + lastPauseMs)).toBe(true);
        }
      }),
    );
  });

  it('stays closed for a channel that never fails, and for clients that leave', () => {
    fc.assert(
      fc.property(ends, (seen) => {
        const breaker = new Breaker();
        let nowMs = 0;
        for (const [verdict, passedMs] of seen) {
          nowMs += passedMs;
          attempt(breaker, verdict === 'bad' ? 'good' : verdict, nowMs);
          expect(breaker.state(nowMs)).toBe('closed');
        }
      }),
    );
  });

  it('is always closed again by good attempts where it permits them', () => {
    fc.assert(
      fc.property(ends, (seen) => {
        const breaker = new Breaker();
        let nowMs = 0;
        for (const [verdict, passedMs] of seen) attempt(breaker, verdict, (nowMs += passedMs));
        for (const _ of [1, 2, 3]) attempt(breaker, 'good', (nowMs += lastPauseMs));
        expect(breaker.state(nowMs)).toBe('closed');
      }),
    );
  });
});
