import { describe, expect, it } from '@jest/globals';
import { parseDirectives } from './directives.js';

describe('x-sandbox', () => {
  it('is a list of directives with their values', () => {
    expect(parseDirectives(' delay-ms=500,usage=omit , model=gpt-5-2025-08-07')).toEqual({
      'delay-ms': 500,
      usage: 'omit',
      model: 'gpt-5-2025-08-07',
    });
    expect(parseDirectives(undefined)).toEqual({});
    expect(parseDirectives(' ')).toEqual({});
  });

  it('keeps the rest of a value that contains an equals sign', () => {
    expect(parseDirectives('body=a=b.sse')).toEqual({ body: 'a=b.sse' });
  });

  it.each([
    ['dealy-ms=5', /"dealy-ms" is unknown: use status, delay-ms/],
    ['__proto__=1', /"__proto__" is unknown/],
    ['status', /"status" has no value/],
    ['status=200', /status=200 is not possible/],
    ['delay-ms=-1', /delay-ms=-1 is not possible: a whole number/],
    ['delay-ms=600001', /delay-ms=600001 is not possible/],
    ['usage=twice', /usage=twice is not possible/],
    ['tier=a,tier=b', /"tier" is given twice/],
  ])('refuses %s by its name', (header, message) => {
    expect(() => parseDirectives(header)).toThrow(message);
  });
});
