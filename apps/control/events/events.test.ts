import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type JetStreamClient, jetstreamManager } from '@nats-io/jetstream';
import type { INestMicroservice } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { streams } from '#contracts/streams.js';
import { type UsageEvent, usageEvent } from '#contracts/usage-event.js';
import { JETSTREAM, NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import type { RefusedEvent } from '../errors/api-error.js';
import { startOtherApps } from '../other-apps.fixture.js';
import { type Answer, type Call, TestControl } from '../test-control.fixture.js';
import { EventBacklog } from './event-backlog.js';
import { publishStored } from './publish-stored.js';
import { markPublished, storeEvents } from './reported-events.js';
import { reportOf } from './usage-report.fixture.js';

let control: TestControl;
let others: INestMicroservice;
let acme: string;
let key: string;

beforeAll(async () => {
  control = await TestControl.start({ TOLLGATE_TRUSTED_PROXIES: ['127.0.0.1'] });
  ({ app: others } = await startOtherApps(control.nats.url));
  acme = await control.organisation('acme');
  await control.organisation('beta');
  key = await issue('acme', 'k1');
  await issue('beta', 'k1');
});
afterAll(async () => {
  await others.close();
  await control.stop();
});

const issue = async (org: string, id: string) =>
  String((await control.did(`POST /v1/organisations/${org}/keys`, { body: { id, projectId: 'web' } }))['key']);

const single = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const batch = { 'content-type': 'application/cloudevents-batch+json' };

const post = (body: unknown, call: Call = {}): Promise<Answer> =>
  control.call('POST /api/events', { token: key, headers: Array.isArray(body) ? batch : single, body, ...call });

/** What is on USAGE of an organisation, message by message. */
async function onLog(org = 'acme'): Promise<UsageEvent[]> {
  const manager = await jetstreamManager(control.app.get(NATS_CONNECTION));
  const { state } = await manager.streams.info(streams.usage.name);
  const events: UsageEvent[] = [];
  for (let seq = 1; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(streams.usage.name, { seq });
    const found = message?.subject === `usage.v1.${org}` ? message.json<unknown[]>() : [];
    events.push(...found.map((event) => usageEvent.parse(event)));
  }
  return events;
}

const idsOf = ({ body }: Answer) => (body['events'] as { eventId: string }[]).map(({ eventId }) => eventId);
const errorOf = ({ status, body }: Answer) => {
  const { code, events } = body['error'] as { code: string; events?: RefusedEvent[] };
  return [status, code, ...(events ?? []).map(({ index, param }) => [index, param])];
};

describe('a report', () => {
  it('is on the log when it is answered, with its own time, attributed to its key, read by the provider’s rules', async () => {
    const answer = await post(reportOf('first'));
    expect([answer.status, answer.body]).toMatchObject([200, { accepted: 1, repeated: 0 }]);
    const [eventId] = idsOf(answer);
    const event = (await onLog()).find(({ id }) => id === eventId);
    expect(event).toMatchObject({ org: 'acme', source: '//gateway.example/eu', time: '2026-06-30T23:59:59.999Z' });
    expect(event?.data).toMatchObject({
      ...{ teamId: 'search', projectId: 'web', keyId: 'k1', channelId: 'reported_gateway', outcome: 'completed' },
      ...{ requestId: eventId, attempt: 1, priceVersion: 'v1', finishedAt: '2026-07-01T00:00:02.000Z' },
    });
    expect(event?.data.usage).toMatchObject({
      ...{ provider: 'openai', servedModel: 'gpt-5-mini-2025-08-07', completeness: 'final' },
      segments: [{ in: { fresh: { text: 40 }, cacheRead: { text: 60 } }, out: { text: 15, reasoning: 5 } }],
    });
  });

  it('again is answered as repeated and is not sent again, under the same id from another source it is another', async () => {
    const ids = idsOf(await post(reportOf('again')));
    const again = await post([reportOf('again'), reportOf('again')]);
    expect([again.status, again.body]).toMatchObject([200, { accepted: 0, repeated: 2 }]);
    expect(idsOf(again)).toEqual([...ids, ...ids]);
    const elsewhere = await post(reportOf('again', {}, { source: 'elsewhere' }));
    expect(elsewhere.body).toMatchObject({ accepted: 1 });
    expect((await onLog()).filter(({ id }) => [...ids, ...idsOf(elsewhere)].includes(id))).toHaveLength(2);
  });

  it('again needs no price book, so it is answered while pricing is away', async () => {
    await post(reportOf('while away'));
    await others.close();
    const again = await post([reportOf('while away'), reportOf('while away')]);
    const withNew = await post([reportOf('while away'), reportOf('new meanwhile')]);
    ({ app: others } = await startOtherApps(control.nats.url));
    expect([again.status, again.body]).toMatchObject([200, { accepted: 0, repeated: 2 }]);
    expect(withNew.status).toBe(503);
    expect((await post([reportOf('while away'), reportOf('new meanwhile')])).body).toMatchObject({ accepted: 1 });
  });

  it('with another payload under the same id is a conflict, and what came first stays', async () => {
    await post(reportOf('conflict'));
    const before = await onLog();
    for (const other of [
      reportOf('conflict', { channel: 'other' }),
      reportOf('conflict', {}, { time: '2026-06-01T00:00:00Z' }),
    ]) {
      expect(errorOf(await post([reportOf('beside-a-conflict'), other]))).toEqual([409, 'payload_conflict', [1, 'id']]);
    }
    expect(await onLog()).toEqual(before);
    expect((await post(reportOf('conflict', {}, { time: '2026-07-01T01:59:59.999+02:00' }))).body).toMatchObject({
      repeated: 1,
    });
  });

  it('in binary mode is the same report', async () => {
    const { data, ...attributes } = reportOf('binary %');
    await post(reportOf('binary %'));
    const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]);
    const binary = await post(data, { headers: Object.fromEntries(headers) as Record<string, string> });
    expect([binary.status, binary.body]).toMatchObject([200, { repeated: 1 }]);
  });

  it('may be a canonical record', async () => {
    const usage = {
      ...{ provider: 'openai', api: 'embeddings', requestedModel: 'text-embedding-3-small' },
      segments: [{ kind: 'main', in: { fresh: { text: 7 } }, out: {} }],
      ...{ completeness: 'final', anomalies: [] },
    };
    const [eventId] = idsOf(await post(reportOf('canonical', { usage, providerUsage: undefined })));
    expect((await onLog()).find(({ id }) => id === eventId)?.data.usage).toEqual(usage);
  });

  it('that the provider told nothing for is taken: it is suspended until somebody knows', async () => {
    const { usage: _, ...providerUsage } = reportOf('').data.providerUsage;
    const [eventId] = idsOf(await post(reportOf('told nothing', { providerUsage, outcome: 'broken' })));
    expect((await onLog()).find(({ id }) => id === eventId)?.data).toMatchObject({
      outcome: 'broken',
      usage: { completeness: 'missing', segments: [] },
    });
  });
});

describe('a batch', () => {
  it('of events of several organisations goes to each one’s own, for the platform', async () => {
    const events = ['acme', 'beta'].map((org) => reportOf('shared', { key: 'k1' }, { org }));
    const answer = await control.call('POST /api/events', { body: events, headers: batch });
    expect(answer.body).toMatchObject({ accepted: 2 });
    expect((await onLog('beta')).map(({ id }) => id)).toEqual(idsOf(answer).slice(1));
  });

  it('is taken whole or not at all, and every wrong event is named', async () => {
    const before = await onLog();
    const answer = await post([
      reportOf('fine'),
      reportOf('no time', {}, { time: undefined }),
      reportOf('both', { usage: {} }),
      reportOf('from tomorrow', { finishedAt: '2098-01-01T00:00:00Z' }, { time: '2098-01-01T00:00:00Z' }),
      reportOf('unreadable', {
        providerUsage: { provider: 'openai', api: 'openai-chat', model: 'm', usage: { tokens: 1 } },
      }),
      reportOf('ends before', {}, { time: '2026-07-02T00:00:00Z' }),
      reportOf('secret field', { prompt: 'Hello' }),
      'no event',
      reportOf('ends tomorrow', { finishedAt: '2098-01-01T00:00:00Z' }),
    ]);
    expect(errorOf(answer)).toEqual([
      ...[400, 'event_invalid', [1, 'time'], [2, 'data.usage.provider'], [3, 'time']],
      ...[
        [4, 'data.providerUsage.usage'],
        [5, 'data.finishedAt'],
        [6, 'data.prompt'],
        [7, undefined],
        [8, 'data.finishedAt'],
      ],
    ]);
    expect(await onLog()).toEqual(before);
  });

  it.each([
    ['a number that no computer holds', '1e999'],
    ['no bottom', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('names the event whose usage has %s, as sending it again would help nobody', async (_, json) => {
    const report = reportOf('no hash', {
      providerUsage: { provider: 'openai', api: 'openai-chat', model: 'm', usage: { prompt_tokens: 1, more: 'HERE' } },
    });
    const answer = await post(JSON.stringify([reportOf('has one'), report]).replace('"HERE"', json), {
      headers: batch,
    });
    expect(errorOf(answer)).toEqual([400, 'event_invalid', [1, 'data.providerUsage.usage']]);
  });

  it('has at most 500 events and a mebibyte', async () => {
    const many = Array.from({ length: 501 }, (_, i) => reportOf(`many-${i}`));
    for (const wrong of [many, []]) expect(errorOf(await post(wrong))).toEqual([400, 'batch_size_invalid']);
    expect((await post(many.slice(1))).body).toMatchObject({ accepted: 500 });
    expect((await post(' '.repeat(1024 * 1024 + 1), { headers: batch })).status).toBe(413);
  });
});

describe('who reports', () => {
  it.each<[what: string, token: () => string | undefined, report: object, refusal: readonly unknown[]]>([
    ['nobody', () => '', reportOf('x'), [401, 'unauthenticated']],
    ['an unknown key', () => 'tg-0', reportOf('x'), [401, 'unauthenticated']],
    ['a key for another', () => key, reportOf('x', { key: 'k2' }), [400, 'key_unknown', [0, 'data.key']]],
    ['a key elsewhere', () => key, reportOf('x', {}, { org: 'beta' }), [400, 'org_unknown', [0, 'org']]],
    [
      'an organisation elsewhere',
      () => acme,
      reportOf('x', { key: 'k1' }, { org: 'beta' }),
      [400, 'org_unknown', [0, 'org']],
    ],
    ['an organisation for nobody', () => acme, reportOf('x'), [400, 'key_unknown', [0, 'data.key']]],
    ['for a key that is not there', () => acme, reportOf('x', { key: 'k9' }), [400, 'key_unknown', [0, 'data.key']]],
    ['the platform for nobody', () => undefined, reportOf('x', { key: 'k1' }), [400, 'org_unknown', [0, 'org']]],
    ['of another project', () => key, reportOf('x', { project: 'app' }), [400, 'project_unknown', [0, 'data.project']]],
    ['of another team', () => key, reportOf('x', { team: 'sales' }), [400, 'team_unknown', [0, 'data.team']]],
    [
      'as a relay of ours',
      () => key,
      reportOf('x', {}, { source: 'tollgate/relay/1' }),
      [400, 'event_invalid', [0, 'source']],
    ],
  ])('%s is refused', async (_, token, report, refusal) => {
    expect(errorOf(await post(report, { token: token() }))).toEqual(refusal);
  });

  it('with an admin token may still report for a key that is revoked, whose holder may not', async () => {
    const revoked = await issue('acme', 'gone');
    await control.did('DELETE /v1/organisations/acme/keys/gone');
    expect((await post(reportOf('late'), { token: revoked })).status).toBe(401);
    const report = reportOf('late', { key: 'gone', project: 'web', team: 'search' });
    expect((await post(report, { token: acme })).body).toMatchObject({ accepted: 1 });
  });
});

describe('the policy of a key', () => {
  const set = (level: string, policy: object) =>
    control.did(`PUT /v1/organisations/acme${level}/policy`, { body: policy });
  const levels = [
    ['key "bound"', '/keys/bound'],
    ['project "web"', '/projects/web'],
    ['team "search"', '/teams/search'],
    ['organisation "acme"', ''],
  ] as const;
  let bound: string;
  beforeAll(async () => (bound = await issue('acme', 'bound')));
  afterEach(async () => {
    for (const [, level] of levels) await set(level, {});
  });

  const report = (id: string, headers = {}) => post(reportOf(id), { token: bound, headers: { ...single, ...headers } });
  const refusal = (whose: string, rule: string) => ({
    status: 403,
    body: { error: { code: 'policy_forbids', message: expect.stringContaining(`policy of ${whose} (${rule})`) } },
  });

  it.each(levels)('and of %s has to permit this endpoint', async (whose, level) => {
    await set(level, { endpoints: ['chat.completions', 'images.*'] });
    expect(await report('endpoint')).toMatchObject(refusal(whose, 'endpoints'));
    await set(level, { endpoints: ['chat.completions', 'events'] });
    expect((await report('endpoint')).status).toBe(200);
  });

  it.each(levels)('and of %s has to permit the address, as our proxies tell it', async (whose, level) => {
    await set(level, { ipRanges: ['198.51.100.0/24'] });
    const from = (address: string) => report('address', { 'x-forwarded-for': address });
    for (const elsewhere of ['203.0.113.1', '198.51.100.7, 203.0.113.1', 'unknown']) {
      expect(await from(elsewhere)).toMatchObject(refusal(whose, 'ipRanges'));
    }
    expect(await report('address')).toMatchObject(refusal(whose, 'ipRanges'));
    expect((await from('198.51.100.7')).status).toBe(200);
  });

  it('is not about what was called elsewhere, nor about an admin token', async () => {
    await set('/keys/bound', {
      models: { deny: ['*'] },
      regions: ['eu'],
      requiredMetadata: ['team'],
      maxOutputTokens: 1,
    });
    expect((await report('called')).status).toBe(200);
    await set('/keys/bound', { ipRanges: [], endpoints: [] });
    expect((await post(reportOf('for another', { key: 'bound' }), { token: acme })).status).toBe(200);
  });
});

it('a secret that a rotation retired may report until its grace is over', async () => {
  const old = await issue('acme', 'rotated');
  const rotate = (graceSeconds: number) =>
    control.did('POST /v1/organisations/acme/keys/rotated/rotate', { body: { graceSeconds } });
  const { key: newer } = await rotate(60);
  for (const token of [old, String(newer)]) {
    expect((await post(reportOf('rotated'), { token })).status).toBe(200);
  }
  await rotate(0);
  expect((await post(reportOf('rotated'), { token: String(newer) })).status).toBe(401);
});

describe('killed by SIGKILL', () => {
  async function takeAndDie(moment: 'before' | 'after', report: object): Promise<void> {
    const hooks = JSON.stringify(new URL('../../../test/support/typescript-hooks.mjs', import.meta.url).href);
    const register = `data:text/javascript,import{register}from"node:module";register(${hooks})`;
    const script = join(import.meta.dirname, 'take-and-die.fixture.ts');
    const asked = [control.nats.url, control.database.url, moment, JSON.stringify(report)];
    const child = spawn(process.execPath, ['--import', register, script, ...asked], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  }
  const named = (id: string) => reportOf(id, { key: 'k1' }, { org: 'acme' });
  const found = async (eventId: string) => (await onLog()).filter(({ id }) => id === eventId);

  it('before the log has it, a report is published by whoever comes next, as it was first understood', async () => {
    await takeAndDie('before', named('died before'));
    const again = await post(named('died before'));
    expect(again.body).toMatchObject({ repeated: 1 });
    expect(await found(idsOf(again)[0]!)).toMatchObject([{ data: { priceVersion: 'of-the-dead' } }]);

    await takeAndDie('before', named('never sent again'));
    expect(await control.app.get(EventBacklog).publish(0)).toBe(1);
    expect(await control.app.get(EventBacklog).publish(0)).toBe(0);
    const [eventId] = idsOf(await post(named('never sent again')));
    expect(await found(eventId!)).toHaveLength(1);
  });

  it('after the log has it, it is at most there again as the very same event', async () => {
    await takeAndDie('after', named('died after'));
    const [eventId] = idsOf(await post(named('died after')));
    const hashes = (await found(eventId!)).map(({ datahash }) => datahash);
    expect(hashes.length).toBeGreaterThanOrEqual(1);
    expect(new Set(hashes).size).toBe(1);
    expect(await control.app.get(EventBacklog).publish(0)).toBe(0);
  });
});

it('publishes what was left behind of others while the log refuses an organisation', async () => {
  await control.organisation('gamma');
  const source = control.app.get(DataSource);
  const left = (orgId: string, id: string) => ({ orgId, source: 'left', id, payloadHash: 'a'.repeat(64), event: '{}' });
  const refused = Array.from({ length: 500 }, (_, at) => left('beta', `${at}`));
  await storeEvents(source, refused);
  await storeEvents(source, [left('gamma', '1')]);
  const js = control.app.get<JetStreamClient>(JETSTREAM);
  const publish = js.publish.bind(js);
  js.publish = (subject, ...message) =>
    subject.endsWith('.beta') ? Promise.reject(new Error('Not of this one.')) : publish(subject, ...message);
  try {
    const backlog = control.app.get(EventBacklog);
    expect([await backlog.publish(0), await backlog.publish(0), await backlog.publish(0)]).toEqual([0, 1, 0]);
    const both = await storeEvents(source, [left('beta', '500'), left('gamma', '2')]);
    await expect(publishStored({ source, jetstream: js }, both)).rejects.toMatchObject({ orgIds: ['beta'] });
    expect(await storeEvents(source, [left('gamma', '2')])).toMatchObject([{ event: null }]);
  } finally {
    js.publish = publish;
    await markPublished(source, [...refused, left('beta', '500')]);
  }
});

it('says 503 while the log is away, and takes the same again when it is back', async () => {
  await control.nats.kill();
  const away = await post(reportOf('outage'));
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '2']);
  await control.nats.restart();
  let answer = await post(reportOf('outage'));
  for (let tries = 0; answer.status === 503 && tries < 50; tries += 1) answer = await post(reportOf('outage'));
  expect(answer.status).toBe(200);
  expect((await onLog()).filter(({ id }) => id === idsOf(answer)[0])).toHaveLength(1);
});
