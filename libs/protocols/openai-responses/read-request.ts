import { defined } from '../chat/defined.js';
import type { ChatRequest } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readInput } from './read-input.js';
import { readSettings } from './read-settings.js';
import { readTools } from './read-tools.js';
import { hintUnless, loseUnless } from './usual-value.js';

/** https://platform.openai.com/docs/api-reference/responses/create */
export function readRequest(body: Members): ChatRequest {
  const { instructions, messages } = readInput(body);
  const request = {
    ...defined<Pick<ChatRequest, 'model' | 'stream'>>({ model: body.string('model'), stream: body.boolean('stream') }),
    instructions,
    messages,
    tools: readTools(body),
    settings: readSettings(body),
  };
  tellRest(body);
  return request;
}

/** What is about the provider's own keeping, caching and watching. */
function tellRest(body: Members): void {
  for (const name of ['previous_response_id', 'conversation', 'prompt']) {
    loseUnless(undefined, body, name, 'it is kept at the provider and not in the request');
  }
  loseUnless(false, body, 'background', 'an answer is not kept to be fetched');
  hintUnless(false, body, 'store', 'an answer is not kept to be fetched again');
  hintUnless('disabled', body, 'truncation', 'an input that is too long is refused');
  body.hint('max_tool_calls', "it limits this provider's own tools");
  body.hint('stream_options', 'how a stream is padded');
  body.hint('safety_identifier', 'who uses the application');
  body.hint('client_metadata', 'what a client says about itself');
  for (const name of ['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options']) {
    body.hint(name, 'how the prompt is cached');
  }
}
