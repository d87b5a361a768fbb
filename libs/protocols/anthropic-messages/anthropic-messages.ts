import type { ChatProtocol } from '../chat/chat-protocol.js';
import { readError, writeError } from './error.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { MessageStreamReader } from './read-stream.js';
import { writeAnswer } from './write-answer.js';
import { writeRequest } from './write-request.js';
import { MessageStreamWriter } from './write-stream.js';

/** https://platform.claude.com/docs/en/api/messages */
export const anthropicMessages: ChatProtocol = {
  settingNames: {
    maxOutputTokens: 'max_tokens',
    temperature: 'temperature',
    topP: 'top_p',
    topK: 'top_k',
    stop: 'stop_sequences',
    output: 'output_config.format',
    reasoning: 'thinking',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
    user: 'metadata.user_id',
    serviceTier: 'service_tier',
    // Anthropic has none of these: a request of its own never says them.
    seed: 'seed',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    logprobs: 'logprobs',
    candidates: 'n',
    verbosity: 'verbosity',
    metadata: 'metadata',
  },
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readError,
  writeError,
  streamReader: (reading) => new MessageStreamReader(reading),
  streamWriter: (to) => new MessageStreamWriter(to),
};
