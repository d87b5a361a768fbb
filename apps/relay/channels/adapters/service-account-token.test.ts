import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ServiceAccountToken } from './service-account-token.js';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let server: Server;
let asked: URLSearchParams[];
let answer: { status: number; body: object };
beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: { access_token: 'a-token', expires_in: 3600, token_type: 'Bearer' } };
  server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      asked.push(new URLSearchParams(body));
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const account = () => ({
  ...{ type: 'service_account', client_email: 'relay@project.iam', private_key: pem, private_key_id: 'key-1' },
  token_uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
});

async function opened(complaints: string[] = []) {
  const token = new ServiceAccountToken(JSON.stringify(account()), (sentence) => complaints.push(sentence));
  for (let waits = 0; waits < 200 && token.current() === undefined && complaints.length === 0; waits += 1)
    await delay(10);
  return token;
}

describe('the access token of a service account', () => {
  it('is asked for with a token that the account signs, and is there before any request needs it', async () => {
    const token = await opened();
    expect(token.current()).toBe('a-token');
    token.close();
    const [header, claims, signature] = asked[0]!.get('assertion')!.split('.');
    const verified = createVerify('RSA-SHA256').update(`${header}.${claims}`);
    expect(verified.verify(keys.publicKey, Buffer.from(signature!, 'base64url'))).toBe(true);
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    expect(read(header!)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
    expect(read(claims!)).toMatchObject({ iss: 'relay@project.iam', aud: account().token_uri });
    expect(Number(read(claims!)['exp']) - Number(read(claims!)['iat'])).toBe(3600);
  });

  it('is none while the endpoint refuses, and why is said without the key', async () => {
    answer = { status: 403, body: { error: 'access_denied' } };
    const complaints: string[] = [];
    const token = await opened(complaints);
    expect(token.current()).toBeUndefined();
    expect(complaints).toEqual(['No access token for relay@project.iam: asked again in 5 s.']);
    token.close();
  });

  it.each([
    ['no JSON at all', /is no JSON key of a service account/],
    [JSON.stringify({ client_email: 'a', private_key: 'sk', token_uri: 'https://t.example' }), /no key in PEM/],
  ])('cannot be had with a secret of another kind', (secret, sentence) => {
    expect(() => new ServiceAccountToken(secret, () => undefined)).toThrow(sentence);
  });
});
