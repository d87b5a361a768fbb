import { counted, countedOrZero, type Expectation } from './recording.js';

export const amazonExpectations = {
  'bedrock-converse': {
    totals: (usage) => {
      const read = countedOrZero(usage, 'cacheReadInputTokens');
      const written = countedOrZero(usage, 'cacheWriteInputTokens');
      const out = counted(usage, 'outputTokens');
      return {
        in: counted(usage, 'totalTokens') - out,
        out,
        quantities: {
          'in.fresh.text': counted(usage, 'inputTokens'),
          ...(usage['cacheReadInputTokens'] !== undefined && { 'in.cacheRead.text': read }),
          ...(usage['cacheWriteInputTokens'] !== undefined && { 'in.cacheWrite.ttl5m': written }),
        },
      };
    },
  },
} satisfies Record<string, Expectation>;
