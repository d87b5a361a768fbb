import { expect, it } from '@jest/globals';
import { usageReader } from './usage-reader.js';

const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
const counts = { completeness: 'final', segments: [{ in: { fresh: { text: 5 } }, out: { text: 7 } }] };

it('text completions count as chat does, in an answer and in a stream', () => {
  const source = { provider: 'openai', api: 'openai-completions' } as const;
  const answer = usageReader(source, 'json');
  answer.push(Buffer.from(JSON.stringify({ model: 'm', choices: [{ text: 'x' }], usage })));
  expect(answer.end()).toMatchObject(counts);
  const stream = usageReader(source, 'sse');
  for (const chunk of [
    { model: 'm', choices: [{ text: 'x' }] },
    { model: 'm', choices: [], usage },
  ])
    stream.push(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`));
  stream.push(Buffer.from('data: [DONE]\n\n'));
  expect(stream.end()).toMatchObject(counts);
});
