import { describe, expect, it } from '@jest/globals';
import { awsEvent } from '#framing/aws-event-stream.fixture.js';
import { recogniseFormat } from './recognise-format.js';

const recognise = (text: string) => recogniseFormat(Buffer.from(text), true);

describe('the format of a body', () => {
  it.each([
    ['{"a":1}', 'json'],
    ['{"a":{}}\n', 'json'],
    ['\ufeff {\n  "a": {}\n}\n', 'json'],
    ['{"a":{"b":1}\n,"c":2}', 'json'],
    ['[{"a":1}\n,{"b":2}]', 'json'],
    ['{"a":1}\n{"b":2}', 'lines'],
    ['\n{"a":1}\r\n\r\n{"b":2}\r\n', 'lines'],
    ['{"a":1}\n[DONE]\n', 'lines'],
    ['data: {"a":1}\n\n', 'sse'],
    [': ping\n\ndata: {}\n\n', 'sse'],
    ['\ufeffevent: x\n', 'sse'],
    ['\n\n', 'sse'],
    ['', 'sse'],
  ])('of %j is %s', (text, format) => {
    expect(recognise(text)).toBe(format);
  });

  it('of AWS messages is eventstream', () => {
    expect(recogniseFormat(awsEvent('metadata', {}), false)).toBe('eventstream');
  });

  it.each(['', ' ', '\ufeff', '{"a":1}', '{"a":1}\n ', '{"a"'])('needs more than %j', (text) => {
    expect(recogniseFormat(Buffer.from(text), false)).toBeUndefined();
  });

  it('is not waited for without a bound', () => {
    expect(recogniseFormat(Buffer.from(`{"a":"${'x'.repeat(1024 * 1024)}`), false)).toBe('json');
  });
});
