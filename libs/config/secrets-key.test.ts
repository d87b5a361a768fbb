import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretsKeys } from './secrets-key.js';

const key = Buffer.alloc(32, 1).toString('base64');
const older = Buffer.alloc(32, 2).toString('base64');

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'tollgate-secrets-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the keys of secrets at rest', () => {
  it('may be left out', () => {
    expect(readSecretsKeys({})).toEqual([]);
  });

  it('come from the environment, the one that seals first', () => {
    const keys = readSecretsKeys({ TOLLGATE_SECRETS_KEY: `${key},${older}` });
    expect(keys.map(({ bytes }) => bytes.toString('base64'))).toEqual([key, older]);
  });

  it('come from a file, one a line', () => {
    const file = join(folder, 'keys');
    writeFileSync(file, `${key}\n${older}\n`);
    expect(readSecretsKeys({ TOLLGATE_SECRETS_KEY_FILE: file })).toHaveLength(2);
  });

  it.each([
    [{ TOLLGATE_SECRETS_KEY: 'c2hvcnQ=' }, /^TOLLGATE_SECRETS_KEY is wrong: a key is 32 random bytes/],
    [{ TOLLGATE_SECRETS_KEY: 'not*base64' }, /^TOLLGATE_SECRETS_KEY is wrong/],
    [{ TOLLGATE_SECRETS_KEY: ',' }, /^TOLLGATE_SECRETS_KEY holds no key/],
    [{ TOLLGATE_SECRETS_KEY_FILE: 'nowhere' }, /^The file nowhere \(TOLLGATE_SECRETS_KEY_FILE\) cannot be read/],
    [{ TOLLGATE_SECRETS_KEY: key, TOLLGATE_SECRETS_KEY_FILE: 'both' }, /^Set one of/],
  ])('that are wrong are refused without being shown', (settings, sentence) => {
    expect(() => readSecretsKeys(settings)).toThrow(sentence);
  });
});
