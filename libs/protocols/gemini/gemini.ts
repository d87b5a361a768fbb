import type { ChatProtocol } from '../chat/chat-protocol.js';
import { readError, writeError } from './error.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { GeminiStreamReader } from './read-stream.js';
import { writeAnswer } from './write-answer.js';
import { writeRequest } from './write-request.js';
import { GeminiStreamWriter } from './write-stream.js';

/** generateContent and streamGenerateContent, of the Gemini API (v1beta) and of Vertex AI. */
export const gemini: ChatProtocol = {
  settingNames: {
    maxOutputTokens: 'generationConfig.maxOutputTokens',
    temperature: 'generationConfig.temperature',
    topP: 'generationConfig.topP',
    topK: 'generationConfig.topK',
    stop: 'generationConfig.stopSequences',
    seed: 'generationConfig.seed',
    frequencyPenalty: 'generationConfig.frequencyPenalty',
    presencePenalty: 'generationConfig.presencePenalty',
    logprobs: 'generationConfig.responseLogprobs',
    candidates: 'generationConfig.candidateCount',
    output: 'generationConfig.responseJsonSchema',
    reasoning: 'generationConfig.thinkingConfig',
    toolChoice: 'toolConfig.functionCallingConfig',
    serviceTier: 'serviceTier',
    // Gemini has none of these: no body that was read here ever sets them.
    parallelToolCalls: 'toolConfig',
    verbosity: 'generationConfig',
    user: 'labels',
    metadata: 'labels',
  },
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  writeError,
  streamReader: (reading) => new GeminiStreamReader(reading),
  streamWriter: (to) => new GeminiStreamWriter(to),
};
