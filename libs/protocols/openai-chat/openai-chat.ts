import type { ChatProtocol } from '../chat/chat-protocol.js';
import { readError, writeError } from '../openai/error.js';
import { settingNames } from '../openai/setting-names.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { StreamReader } from './read-stream.js';
import { writeAnswer } from './write-answer.js';
import { writeRequest } from './write-request.js';
import { StreamWriter } from './write-stream.js';

/**
 * OpenAI chat completions, as OpenAI documents them (https://platform.openai.com/docs/api-reference/chat), with what
 * other servers of the protocol added and clients have come to rely on. Read is all of it; written is OpenAI's, and
 * of the additions those for which OpenAI has no word: thoughts (`reasoning_content`, `reasoning_details`),
 * signatures (`extra_content.google`) and pictures in answers (`images`).
 */
export const openaiChat: ChatProtocol = {
  settingNames: {
    ...settingNames,
    maxOutputTokens: 'max_completion_tokens',
    logprobs: 'logprobs',
    output: 'response_format',
    reasoning: 'reasoning_effort',
    verbosity: 'verbosity',
  },
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  writeError,
  streamReader: (reading) => new StreamReader(reading),
  streamWriter: (to) => new StreamWriter(to),
};
