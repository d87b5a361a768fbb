import type { ChatProtocol } from '../chat/chat-protocol.js';
import { writeError } from '../openai-chat/error.js';
import { readError } from './error.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { ResponsesStreamReader } from './read-stream.js';
import { writeAnswer } from './write-answer.js';
import { writeRequest } from './write-request.js';
import { ResponsesStreamWriter } from './write-stream.js';

/** OpenAI responses: https://platform.openai.com/docs/api-reference/responses */
export const openaiResponses: ChatProtocol = {
  settingNames: {
    maxOutputTokens: 'max_output_tokens',
    temperature: 'temperature',
    topP: 'top_p',
    topK: 'top_k',
    stop: 'stop',
    seed: 'seed',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    logprobs: 'top_logprobs',
    candidates: 'n',
    output: 'text.format',
    reasoning: 'reasoning',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'parallel_tool_calls',
    verbosity: 'text.verbosity',
    user: 'user',
    metadata: 'metadata',
    serviceTier: 'service_tier',
  },
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  writeError,
  streamReader: (reading) => new ResponsesStreamReader(reading),
  streamWriter: (to) => new ResponsesStreamWriter(to),
};
