import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withoutMember } from '../forward/json-member.js';
import { fileField, formFields } from '../receive/form-fields.js';
import { renameModel } from './rename-model.js';

const call = (body: string, type = 'application/json', api: 'openai-chat' | 'gemini' = 'openai-chat') => ({
  ...{ requestId: 'r', method: 'POST', query: '', stream: false, model: 'm', headers: { 'content-type': type } },
  ...{ api, body: Buffer.from(body, 'latin1') },
});

describe('a model’s new name', () => {
  it('changes its member of a JSON body and no other byte', () => {
    const body = '{ "n": 1.0, "model" : "m", "big":12345678901234567890 , "n":2}';
    expect(renameModel(call(body), 'up').toString()).toBe(body.replace('"m"', '"up"'));
  });

  it('changes its part of a form and no other byte, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const file = Buffer.from(bytes).toString('latin1');
        const form = (model: string) =>
          `--b\r\nContent-Disposition: form-data; name="file"; filename="model"\r\n\r\n${file}\r\n` +
          `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n--b--\r\n`;
        const renamed = renameModel(call(form('m'), 'multipart/form-data; boundary=b'), 'up');
        expect(renamed.toString('latin1')).toBe(form('up'));
      }),
    );
  });

  it('is a resource of Google’s, and not put where no name was', () => {
    expect(renameModel(call('{"model":"models/m"}', undefined, 'gemini'), 'up').toString()).toBe(
      '{"model":"models/up"}',
    );
    expect(renameModel(call('{"contents":[]}', undefined, 'gemini'), 'up').toString()).toBe('{"contents":[]}');
  });

  it('that is the old one leaves the very same bytes', () => {
    const same = call('{"model":"m"}');
    expect(renameModel(same, 'm')).toBe(same.body);
  });

  it('that only the path named is put into the body, also where it is the old one', () => {
    const unnamed = { ...call('{"input":"Hi"}'), unnamed: true };
    for (const name of ['m', 'up']) {
      expect(renameModel(unnamed, name).toString()).toBe(`{"model":"${name}","input":"Hi"}`);
    }
    const form = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n\0\r\n--b--\r\n';
    const type = 'multipart/form-data; boundary=b';
    const renamed = renameModel({ ...call(form, type), unnamed: true }, 'm');
    expect(formFields(renamed, type, ['model'])).toEqual({ model: 'm' });
    expect(fileField(renamed, type, 'file')).toEqual(Buffer.from('\0'));
    expect(renamed.toString().endsWith(form)).toBe(true);
    const google = { ...call('{"contents":[]}', undefined, 'gemini'), unnamed: true };
    expect(renameModel(google, 'm')).toBe(google.body);
  });

  it('is that of every request in a body of Google’s, too', () => {
    const body = (name: string) =>
      `{ "requests" : [ {"model":"models/${name}","content":{"model":"m"}}, {"content":[ 1,[2] ]},"m" ,{"model":"models/${name}"}] }`;
    expect(renameModel(call(body('m'), undefined, 'gemini'), 'up').toString()).toBe(body('up'));
    const count = (name: string) => `{"generateContentRequest":{"contents":[],"model":"models/${name}"}}`;
    expect(renameModel(call(count('m'), undefined, 'gemini'), 'up').toString()).toBe(count('up'));
  });
});

describe('an object without a member', () => {
  it.each([
    ['{"a":1,"model":"m","b":2}', '{"a":1,"b":2}'],
    ['{"model":"m" , "b":2}', '{ "b":2}'],
    ['{"b":2 , "model":"m"}', '{"b":2 }'],
    ['{"model":"m"}', '{}'],
    ['{"model":"m","model":"n"}', '{}'],
    ['{"a":{"model":1}}', '{"a":{"model":1}}'],
  ])('%s is %s', (given, expected) => {
    expect(withoutMember(Buffer.from(given), 'model').toString()).toBe(expected);
  });

  it('is what JSON.parse makes of it without that member', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'model', 'é', 'b"'), fc.jsonValue()), (object) => {
        const left = JSON.parse(
          withoutMember(Buffer.from(JSON.stringify(object, null, 1)), 'model').toString(),
        ) as unknown;
        const { model: _model, ...expected } = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
        expect(left).toEqual(expected);
      }),
    );
  });
});
