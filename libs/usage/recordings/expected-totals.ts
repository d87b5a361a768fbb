import type { UsageApi } from '#usage/usage-api.js';
import { amazonExpectations } from './amazon.js';
import { anthropicExpectations } from './anthropic.js';
import { cohereExpectations } from './cohere.js';
import { googleExpectations } from './google.js';
import { openaiExpectations } from './openai.js';
import { otherExpectations } from './other-than-chat.js';
import type { Expectation } from './recording.js';

/** One file per group of APIs. */
export const expectedTotals: Readonly<Partial<Record<UsageApi, Expectation>>> = {
  ...openaiExpectations,
  ...anthropicExpectations,
  ...googleExpectations,
  ...amazonExpectations,
  ...cohereExpectations,
  ...otherExpectations,
};
