import type { ChatProtocol } from '../chat/chat-protocol.js';
import { writeError } from '../openai/error.js';
import { settingNames } from '../openai/setting-names.js';
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
    ...settingNames,
    maxOutputTokens: 'max_output_tokens',
    logprobs: 'top_logprobs',
    output: 'text.format',
    reasoning: 'reasoning',
    verbosity: 'text.verbosity',
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
