import type { UsageApi } from '#usage/usage-api.js';
import { anthropicExpectations } from './anthropic.js';
import { openaiExpectations } from './openai.js';
import type { Expectation } from './recording.js';

/** One file per group of APIs. */
export const expectedTotals: Readonly<Partial<Record<UsageApi, Expectation>>> = {
  ...openaiExpectations,
  ...anthropicExpectations,
};
