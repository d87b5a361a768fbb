import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, loadConfig, parseConfig } from './config.js';
import { hashKey } from './key-hash.js';
import { adminToken, host, keyPepper, logLevel, natsUrl, port, stripeWebhookSecret } from './settings.js';

const schema = z.object({
  NATS_URL: natsUrl,
  TOLLGATE_HOST: host,
  PORT: port,
  TOLLGATE_KEY_PEPPER: keyPepper,
  TOLLGATE_ADMIN_TOKEN: adminToken,
  TOLLGATE_LOG_LEVEL: logLevel,
});
const valid = {
  NATS_URL: 'nats://127.0.0.1:4222',
  PORT: '8080',
  TOLLGATE_KEY_PEPPER: 'p'.repeat(32),
  TOLLGATE_ADMIN_TOKEN: 'a'.repeat(16),
};

function sentences(environment: Record<string, string | undefined>, of: z.ZodObject = schema): string[] {
  try {
    parseConfig(of, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

describe('configuration', () => {
  it('takes an empty variable for a missing one, except for a secret that switches something on: fault 53', () => {
    const optional = z.object({ TOLLGATE_HOST: host, TOLLGATE_STRIPE_WEBHOOK_SECRET: stripeWebhookSecret });
    expect(parseConfig(optional, { TOLLGATE_HOST: '' })).toEqual({ TOLLGATE_HOST: '127.0.0.1' });
    expect(sentences({ TOLLGATE_STRIPE_WEBHOOK_SECRET: '' }, optional)).toEqual([
      expect.stringMatching(/^TOLLGATE_STRIPE_WEBHOOK_SECRET is wrong: it is shorter than 16 characters/),
    ]);
  });

  it('is read with its types and defaults', () => {
    expect(parseConfig(schema, valid)).toEqual({
      ...valid,
      PORT: 8080,
      TOLLGATE_HOST: '127.0.0.1',
      TOLLGATE_LOG_LEVEL: 'info',
    });
  });

  it('names each missing variable and says what to set; an empty one is missing too', () => {
    expect(sentences({ ...valid, NATS_URL: undefined, TOLLGATE_ADMIN_TOKEN: '' })).toEqual([
      'NATS_URL is missing. Set it to the NATS server, such as nats://127.0.0.1:8084; several are separated by commas.',
      'TOLLGATE_ADMIN_TOKEN is missing. Set it to a random secret of at least 16 characters.',
    ]);
  });

  it('says what is wrong without showing the value', () => {
    const wrong = {
      ...valid,
      NATS_URL: 'sk-1',
      PORT: '99999',
      TOLLGATE_KEY_PEPPER: 'sk-2',
      TOLLGATE_LOG_LEVEL: 'sk-3',
    };
    const said = sentences(wrong);
    expect(said).toHaveLength(4);
    expect(said[0]).toMatch(/^NATS_URL is wrong: it does not start with nats:\/\/ or tls:\/\/\. Set it to /);
    expect(said[1]).toMatch(/^PORT is wrong: .*65535\. Set it to the port to listen on\.$/);
    expect(said[2]).toMatch(/^TOLLGATE_KEY_PEPPER is wrong: it is shorter than 32 characters\. /);
    expect(said[3]).toMatch(/^TOLLGATE_LOG_LEVEL is wrong: /);
    expect(said.join('')).not.toContain('sk-');
  });

  it('passes on the sentence of a rule about several variables', () => {
    const either = z
      .object({ A: z.string().exactOptional(), B: z.string().exactOptional() })
      .refine(({ A, B }) => (A === undefined) !== (B === undefined), 'Set exactly one of A and B.');
    expect(sentences({}, either)).toEqual(['Set exactly one of A and B.']);
    expect(sentences({ A: '1' }, either)).toEqual([]);
  });

  it('comes from the environment of the process', () => {
    expect(loadConfig(z.object({ PATH: z.string() })).PATH).not.toBe('');
  });
});

describe('the hash of a key', () => {
  it('is HMAC-SHA-256 of the whole key under the pepper', () => {
    // RFC 4231, test case 2.
    expect(hashKey('what do ya want for nothing?', 'Jefe')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(hashKey('tg_a', 'pepper')).not.toBe(hashKey('tg_ab', 'pepper'));
    expect(hashKey('tg_a', 'pepper')).not.toBe(hashKey('tg_a', 'salt'));
  });
});
