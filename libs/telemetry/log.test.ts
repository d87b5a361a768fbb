import { describe, expect, it } from '@jest/globals';
import { JsonLogger } from './log.js';
import type { Level } from './log.js';

function capture(level: Level = 'debug') {
  const lines: string[] = [];
  const log = new JsonLogger('pricing', level, (line) => lines.push(line));
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe('the log', () => {
  it('is one JSON object per line with time, level, app, message and fields', () => {
    const { log, lines, last } = capture();
    log.log('Booked a batch.\nTwice.', { events: 500, sequence: 7n });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'info',
      app: 'pricing',
      message: 'Booked a batch.\nTwice.',
      events: 500,
      sequence: '7',
    });
  });

  it("takes Nest's arguments: a stack and the context, or an error and the context", () => {
    const { log, last } = capture();
    log.error('It failed.', new Error('x').stack, 'InstanceLoader');
    expect(last()).toMatchObject({ level: 'error', context: 'InstanceLoader', stack: expect.stringContaining('at ') });
    log.error('It failed.', new Error('no route', { cause: new Error('refused') }), 'nats');
    expect(last()).toMatchObject({ context: 'nats', message: 'It failed.', error: 'no route (refused)' });
    log.error(new Error('alone'));
    expect(last()).toMatchObject({ message: 'alone', stack: expect.stringContaining('alone') });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = capture('warn');
    log.debug('a');
    log.verbose('b');
    log.log('c');
    log.warn('d');
    log.error('e');
    log.fatal('f');
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['d', 'e', 'f']);
  });

  it('lets no field disguise a line', () => {
    const { log, last } = capture();
    log.warn('Real.', { level: 'debug', app: 'other', message: 'fake' });
    expect(last()).toMatchObject({ level: 'warn', app: 'pricing', message: 'Real.' });
  });

  it('shows no secret that was given to it by mistake', () => {
    const { log, lines } = capture();
    log.warn('Refused.', {
      headers: { authorization: 'Bearer sk-1', 'x-api-key': 'sk-2' },
      adminToken: 'sk-6',
      admin_token: 'sk-3',
    });
    log.error(new Error('connect failed: postgres://tollgate:sk-4@db:5432/x, nats://a:sk-5@n:4222'));
    expect(lines.join('')).not.toContain('sk-');
    expect(lines.join('')).toContain('db:5432');
  });
});
