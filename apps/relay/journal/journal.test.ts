import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { settleExpired } from '../settle/settle-attempt.js';
import type { OpenedAttempt, SettledEvent } from './journal-record.js';
import { Journal, journalLimits } from './journal.js';
import { JournalLocked } from './lock-journal.js';

let folder: string;
let complaints: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-journal-'));
  complaints = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (limits = journalLimits) => Journal.open(folder, (sentence) => complaints.push(sentence), limits);
const segments = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const lastSegment = () => join(folder, segments().at(-1)!);

const startedAt = '2026-07-24T12:00:00.000Z';
function attempt(n: number): OpenedAttempt {
  return {
    ...{ id: `attempt-${n}`, relayId: 'relay-1', requestId: `request-${n}`, attempt: 1, orgId: 'org', teamId: 'team' },
    ...{ projectId: 'project', keyId: 'key', channelId: 'channel', provider: 'openai', api: 'openai-chat' as const },
    ...{ requestedModel: 'gpt-4o', priceVersion: 'v1', startedAt },
  };
}
const event = (n: number): SettledEvent => settleExpired(attempt(n), startedAt);

/** What the next run would find. */
async function leftover(): Promise<{ open: string[]; unpublished: SettledEvent[] }> {
  const journal = await open();
  const { recovered } = journal;
  await journal.close();
  return { open: [...recovered.open.keys()], unpublished: [...recovered.unpublished.values()] };
}

describe('the journal', () => {
  it('knows after a crash what was open and what was not published, to the letter', async () => {
    const journal = await open();
    for (const n of [1, 2, 3]) await journal.opened(attempt(n));
    await journal.settled(event(1));
    await journal.settled(event(2));
    await journal.published(['attempt-1']);
    expect(await leftover()).toEqual({ open: ['attempt-3'], unpublished: [event(2)] });
  });

  it('holds whatever was acknowledged, wherever a crash tears the last line', async () => {
    const journal = await open();
    await journal.opened(attempt(1));
    await journal.settled(event(1));
    const acknowledged = readFileSync(lastSegment()).length;
    await journal.opened(attempt(2));
    const bytes = readFileSync(lastSegment());
    await journal.close();
    const segment = lastSegment();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: acknowledged, max: bytes.length - 1 }), async (tornAt) => {
        for (const name of segments()) rmSync(join(folder, name));
        writeFileSync(segment, bytes.subarray(0, tornAt));
        expect(await leftover()).toEqual({ open: [], unpublished: [event(1)] });
      }),
      { numRuns: 40 },
    );
    expect(complaints).toEqual([]);
  });

  it('sets a damaged segment aside, says so, and goes on with what can be read', async () => {
    const journal = await open();
    await journal.opened(attempt(1));
    await journal.close();
    appendFileSync(lastSegment(), 'damage\n');
    appendFileSync(lastSegment(), `{"settled":${event(1).json}}\n`);
    expect((await leftover()).unpublished).toEqual([event(1)]);
    expect(complaints).toEqual([expect.stringContaining('1 unreadable lines, from line 2 on')]);
    expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/\.jsonl\.unreadable$/));
  });

  it('removes its segments when nothing in them is needed, and carries what is open', async () => {
    const journal = await open({ ...journalLimits, segmentBytes: 2_000 });
    await journal.opened(attempt(0));
    for (let n = 1; n <= 30; n += 1) {
      await journal.opened(attempt(n));
      await journal.settled(event(n));
      await journal.published([`attempt-${n}`]);
    }
    // They are removed in the background, after a sync: on a busy disk that takes its time.
    while (segments().length > 2) await delay(20);
    expect(await leftover()).toEqual({ open: ['attempt-0'], unpublished: [] });
    await journal.close();
  });

  it('keeps every segment from the oldest unpublished event on', async () => {
    const journal = await open({ ...journalLimits, segmentBytes: 2_000 });
    await journal.opened(attempt(0));
    await journal.settled(event(0));
    for (let n = 1; n <= 10; n += 1) {
      await journal.opened(attempt(n));
      await journal.settled(event(n));
      await journal.published([`attempt-${n}`]);
    }
    await delay(150);
    expect(await leftover()).toEqual({ open: [], unpublished: [event(0)] });
    await journal.close();
  });

  it('has no room beyond its bounds', async () => {
    const journal = await open({ ...journalLimits, unfinished: 2 });
    await journal.opened(attempt(1));
    expect(journal.hasRoom()).toBe(true);
    await journal.opened(attempt(2));
    expect(journal.hasRoom()).toBe(false);
    await journal.settled(event(1));
    expect(journal.hasRoom()).toBe(false);
    await journal.published(['attempt-1']);
    expect(journal.hasRoom()).toBe(true);
    await journal.close();
  });

  it('is one process’s, and a dead process’s lock is taken over', async () => {
    writeFileSync(join(folder, 'lock'), '1');
    await expect(open()).rejects.toThrow(JournalLocked);
    // No process has this number: Linux ends at 2²².
    writeFileSync(join(folder, 'lock'), '99999999');
    await (await open()).close();
    truncateSync(lastSegment());
    expect(await leftover()).toEqual({ open: [], unpublished: [] });
  });
});
