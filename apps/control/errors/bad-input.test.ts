import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platformToken, TestControl } from '../test-control.fixture.js';
import { errorBody } from './api-error.js';

let control: TestControl;
beforeAll(async () => {
  control = await TestControl.start();
  await control.organisation('acme');
});
afterAll(() => control.stop());

describe('bad input is refused by name, in one shape', () => {
  const organisations = 'POST /v1/organisations';
  const keys = 'POST /v1/organisations/acme/keys';
  const topUps = 'POST /v1/organisations/acme/wallet/top-ups';
  const spend = 'GET /v1/organisations/acme/spend';
  const withKey = { 'idempotency-key': 'k' };

  it.each<[what: string, route: string, call: object, refusal: [status: number, code: string, param?: string]]>([
    ['no body', organisations, {}, [400, 'invalid']],
    [
      'nothing of its type',
      organisations,
      { body: '', headers: { 'content-type': 'application/json' } },
      [400, 'invalid'],
    ],
    [
      'nothing of its type, with DELETE',
      'DELETE /v1/channels/none',
      { body: '', headers: { 'content-type': 'application/json' } },
      [404, 'not_found'],
    ],
    ['half of JSON', organisations, { body: '{"name":' }, [400, 'request_invalid']],
    ['a list for an object', organisations, { body: '[]' }, [400, 'invalid']],
    ['a prototype', organisations, { body: '{"__proto__":{"a":1},"name":"x"}' }, [400, 'request_invalid']],
    [
      'a form',
      organisations,
      { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      [415, 'content_type_unsupported'],
    ],
    [
      'plain text',
      organisations,
      { body: 'a', headers: { 'content-type': 'text/plain' } },
      [415, 'content_type_unsupported'],
    ],
    ['a body too large', organisations, { body: { name: 'x'.repeat(70_000) } }, [413, 'body_too_large']],
    ['a missing field', organisations, { body: { id: 'x' } }, [400, 'invalid', 'name']],
    ['an empty name', organisations, { body: { name: ' ' } }, [400, 'invalid', 'name']],
    ['a NUL in a name', organisations, { body: { name: 'a\0b' } }, [400, 'invalid', 'name']],
    ['an id with a slash', organisations, { body: { id: 'a/b', name: 'A' } }, [400, 'invalid', 'id']],
    ['an id too long', organisations, { body: { id: 'a'.repeat(65), name: 'A' } }, [400, 'invalid', 'id']],
    ['an unknown field', organisations, { body: { name: 'A', admin: true } }, [400, 'invalid', 'admin']],
    ['a field of a wrong type', organisations, { body: { name: 7 } }, [400, 'invalid', 'name']],
    [
      'an expiry in the past',
      keys,
      { body: { projectId: 'web', expiresAt: '2020-01-01T00:00:00Z' } },
      [400, 'invalid', 'expiresAt'],
    ],
    [
      'an expiry without a zone',
      keys,
      { body: { projectId: 'web', expiresAt: '2099-01-01T00:00:00' } },
      [400, 'invalid', 'expiresAt'],
    ],
    ['a project that is not there', keys, { body: { projectId: 'nope' } }, [400, 'project_unknown', 'projectId']],
    [
      'no idempotency key',
      topUps,
      { body: { currency: 'USD', amount: '1' } },
      [400, 'idempotency_key_required', 'idempotency-key'],
    ],
    [
      'an idempotency key too long',
      topUps,
      { body: { currency: 'USD', amount: '1' }, headers: { 'idempotency-key': 'k'.repeat(129) } },
      [400, 'idempotency_key_required', 'idempotency-key'],
    ],
    [
      'an amount as a number',
      topUps,
      { body: { currency: 'USD', amount: 1 }, headers: withKey },
      [400, 'invalid', 'amount'],
    ],
    [
      'a negative amount',
      topUps,
      { body: { currency: 'USD', amount: '-1' }, headers: withKey },
      [400, 'invalid', 'amount'],
    ],
    [
      'an amount of nothing',
      topUps,
      { body: { currency: 'USD', amount: '0.00' }, headers: withKey },
      [400, 'invalid', 'amount'],
    ],
    [
      '13 decimals',
      topUps,
      { body: { currency: 'USD', amount: '0.0000000000001' }, headers: withKey },
      [400, 'invalid', 'amount'],
    ],
    [
      'an unknown currency form',
      topUps,
      { body: { currency: 'usd', amount: '1' }, headers: withKey },
      [400, 'invalid', 'currency'],
    ],
    ['an unknown dimension', `${spend}?groupBy=team,planet`, {}, [400, 'invalid', 'groupBy']],
    ['a repeated parameter', `${spend}?interval=hour&interval=day`, {}, [400, 'invalid', 'interval']],
    ['a date for an instant', `${spend}?from=yesterday`, {}, [400, 'invalid', 'from']],
    [
      'an end before its begin',
      `${spend}?from=2026-02-01T00:00:00Z&to=2026-02-01T00:00:00Z`,
      {},
      [400, 'invalid', 'to'],
    ],
    ['an unknown parameter', `${spend}?group=team`, {}, [400, 'invalid', 'group']],
    ['a page of none', 'GET /v1/organisations?limit=0', {}, [400, 'invalid', 'limit']],
    ['a page too large', 'GET /v1/organisations?limit=1001', {}, [400, 'invalid', 'limit']],
    ['a limit in words', 'GET /v1/organisations?limit=ten', {}, [400, 'invalid', 'limit']],
    [
      'a wait too long',
      'POST /v1/reconciliation/runs',
      { body: { waitSeconds: 121 } },
      [400, 'invalid', 'waitSeconds'],
    ],
    ['a route that is not there', 'GET /v1/organisation', {}, [404, 'route_not_found']],
    ['a method that is not there', 'PUT /v1/organisations', {}, [404, 'route_not_found']],
    ['a URL that cannot be read', 'GET /v1/organisations/%zz', {}, [400, 'url_invalid']],
    ['an app that is away', spend, {}, [503, 'unavailable']],
  ])('%s', async (_, route, call, [status, code, param]) => {
    const answer = await control.call(route, call);
    const { error } = errorBody.parse(answer.body);
    expect([answer.status, error.code, error.param]).toEqual([status, code, param]);
    expect(error.request_id).toBe(answer.headers.get('x-request-id'));
    expect(error.message).toMatch(/\.$/);
  });
});

describe('fault 57: a request cannot cost more than its limits', () => {
  const compressed = gzipSync(Buffer.alloc(32 * 1024 * 1024, ' '));

  it('does not unpack a compressed body', async () => {
    const response = await fetch(`${await control.app.getUrl()}/v1/organisations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${platformToken}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body: compressed,
    });
    expect([response.status, await response.json()]).toMatchObject([
      415,
      { error: { code: 'content_type_unsupported' } },
    ]);
  });

  it('takes headers up to a size, and says so in the one shape', async () => {
    const answer = await speak(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(errorBody.parse(bodyOf(answer)).error.code).toBe('headers_too_large');
  });

  it('answers what is not HTTP', async () => {
    expect(errorBody.parse(bodyOf(await speak('EHLO tollgate\r\n\r\n'))).error.code).toBe('not_http');
  });

  it('does not wait for a body that never comes', async () => {
    const began = Date.now();
    const answer = await speak(
      `POST /v1/organisations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"name"`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(Date.now() - began).toBeLessThan(45_000);
  });
});

async function speak(bytes: string): Promise<string> {
  const { port } = control.app.getHttpServer().address() as { port: number };
  const socket: Socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) answer += String(chunk);
  return answer;
}

const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
