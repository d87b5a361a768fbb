import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '#protocols/error-body.js';
import { formFields, withField } from './form-fields.js';

const TYPE = 'multipart/form-data; boundary=x';
const part = (headers: string, value: string) => `--x\r\n${headers}\r\n\r\n${value}\r\n`;
const field = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value);
const read = (body: string, type = TYPE) => formFields(Buffer.from(body), type, ['model', 'stream']);
const file = part(
  'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg',
  '\0\r\n\r\n--y',
);

describe('a form', () => {
  it('of a browser or an SDK is read, wherever its fields are', async () => {
    const form = new FormData();
    form.set('file', new Blob([Buffer.alloc(100_000, 13)]), 'name="model"; é.mp3');
    form.set('model', 'whisper-1');
    form.set('language', 'de');
    const sent = new Response(form);
    const body = Buffer.from(await sent.arrayBuffer());
    expect(formFields(body, sent.headers.get('content-type') ?? '', ['model', 'stream'])).toEqual({
      model: 'whisper-1',
    });
  });

  it.each([
    [
      'fields after a file',
      `${file}${field('model', 'a')}${field('stream', 'true')}--x--`,
      { model: 'a', stream: 'true' },
    ],
    ['an empty field', `${field('model', '')}--x--\r\n`, { model: '' }],
    ['a name without quotes', `${part('content-disposition:form-data;name=model', 'a')}--x--`, { model: 'a' }],
    ['no fields of ours', `${field('prompt', 'a')}--x--`, {}],
    [
      'a file whose name looks like a field',
      `${part('Content-Disposition: form-data; name="f"; filename="; name=model"', 'a')}--x--`,
      {},
    ],
    ['nothing at all', '--x--', {}],
  ])('with %s is read', (_what, body, fields) => {
    expect(read(body)).toEqual(fields);
  });

  it.each([
    ['fields behind its end', `${field('model', 'a')}--x--\r\n${field('model', 'b')}--x--`],
    ['an end that goes on', `${field('model', 'a')}--x--y\r\n${field('model', 'b')}--x--`],
    ['two models', `${field('model', 'a')}${field('model', 'b')}--x--`],
    ['a preamble', `hello\r\n${field('model', 'a')}--x--`],
    ['no end', field('model', 'a')],
    ['a part without a name', `${part('Content-Type: text/plain', 'a')}--x--`],
    ['two names of a part', `${part('Content-Disposition: form-data; name="prompt"; name="model"', 'a')}--x--`],
    ['an extended name', `${part("Content-Disposition: form-data; name*=utf-8''model", 'a')}--x--`],
    ['an escaped name', `${part('Content-Disposition: form-data; name="mo\\del"', 'a')}--x--`],
    [
      'two dispositions',
      `${part('Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="model"', 'a')}--x--`,
    ],
    ['a folded header', `${part('Content-Disposition: form-data;\r\n name="model"', 'a')}--x--`],
    ['something behind its parameters', `${part('Content-Disposition: form-data; name="a" name="model"', 'a')}--x--`],
    ['too many parts', `${field('a', '').repeat(201)}--x--`],
    ['a model of two kilobytes', `${field('model', 'a'.repeat(2048))}--x--`],
    ['endless headers', `${part(`Content-Disposition: form-data; name="a"; filename="${'a'.repeat(9000)}"`, '')}--x--`],
  ])('with %s is refused', (_what, body) => {
    expect(read(body)).toBeInstanceOf(Refusal);
  });

  it('without a boundary, or with two, is refused', () => {
    const two = ['; boundary=y', '; Boundary = y', "; boundary*=utf-8''y", ';boundary*0=y', '; boundary="y"'];
    for (const type of two.flatMap((other) => [`${TYPE}${other}`, `multipart/form-data${other}; boundary=x`])) {
      expect(read(`${field('model', 'a')}--x--`, type)).toBeInstanceOf(Refusal);
    }
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', `${TYPE}${'y'.repeat(70)}`]) {
      expect(read(`${field('model', 'a')}--x--`, type)).toBeInstanceOf(Refusal);
    }
  });

  it('has another value of a field, and every other byte as it was', () => {
    const lookalike = part('Content-Disposition: form-data; name="f"; filename="; name=model"', 'a');
    const form = (model: string) => Buffer.from(`${file}${lookalike}${field('model', model)}--x--`);
    expect(withField(form('mine'), TYPE, { name: 'model', value: 'theirs' })).toEqual(form('theirs'));
    expect(withField(form(''), TYPE, { name: 'model', value: 'theirs' })).toEqual(form('theirs'));
    expect(withField(form('mine'), TYPE, { name: 'stream', value: 'true' })).toEqual(form('mine'));
  });

  it('of any bytes is read or refused', () => {
    const pieces = fc.constantFrom(
      '--x',
      '\r\n',
      '--',
      'Content-Disposition: form-data; name="model"',
      ':',
      ';',
      '"',
      'a',
    );
    fc.assert(
      fc.property(fc.array(pieces), (some) => {
        const fields = read(some.join(''));
        if (!(fields instanceof Refusal))
          expect(Object.keys(fields).every((name) => ['model', 'stream'].includes(name))).toBe(true);
      }),
    );
  });
});
