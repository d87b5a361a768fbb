import { expect, it } from '@jest/globals';
import { checkBatchFile } from './check-batch-file.js';

const check = (line: string) =>
  checkBatchFile(Buffer.from(line), ({ model }) => ({ model, metadata: new Map<string, string>() }));

it('a line is one request of a batch', async () => {
  const line = '{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}';
  expect(await check(line)).toMatchObject({ model: 'm', operation: { name: 'chat.completions' } });
});

it.each([
  '{"custom_id":"a","url":"/v1/chat/completions","body":{"model":"cheap","model":"m"}}',
  '{"custom_id":"a","url":"/v1/chat/completions","body":{"model":"dear"},"body":{"model":"m"}}',
  '{"custom_id":"a","url":"/v1/responses","url":"/v1/chat/completions","body":{"model":"m"}}',
])('a line that its upstream may read otherwise is refused: %s', async (line) => {
  expect(await check(line)).toMatchObject({ code: 'invalid_request', param: 'file' });
});
