import { expect, it } from '@jest/globals';
import { Refusal } from '#protocols/error-body.js';
import { readMetadata } from './read-metadata.js';

it('takes metadata from the header and the body, and the header where both say it', () => {
  const metadata = readMetadata('{"team":"a","ticket":"7"}', { metadata: { team: 'b', user_id: 'u', odd: 5 } });
  expect(metadata).toEqual(
    new Map([
      ['team', 'a'],
      ['ticket', '7'],
      ['user_id', 'u'],
    ]),
  );
  expect(readMetadata(undefined, undefined)).toEqual(new Map());
});

it.each(['', 'team=a', '["team"]', '{"team":5}', `{"team":"${'x'.repeat(513)}"}`])(
  'refuses the header %s',
  (header) => {
    expect(readMetadata(header, {})).toBeInstanceOf(Refusal);
  },
);
