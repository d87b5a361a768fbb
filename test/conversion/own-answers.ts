import type { ChatApi } from '#protocols/chat/chat-api.js';

const model = 'upstream';
const words = 'Let me look.';
const input = { city: 'Zürich' };

/** A whole answer of each protocol, by its documentation: words and a call of a tool, for 9 tokens in and 5 out. */
export const answers: Readonly<Record<ChatApi, string>> = {
  'openai-chat': JSON.stringify({
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1_790_000_000, model },
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: words,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'weather', arguments: JSON.stringify(input) } },
          ],
        },
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
  }),
  'openai-responses': JSON.stringify({
    ...{ id: 'resp_1', object: 'response', created_at: 1_790_000_000, model, status: 'completed' },
    ...{ error: null, incomplete_details: null, parallel_tool_calls: true, tools: [] },
    output: [
      {
        ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
        content: [{ type: 'output_text', text: words, annotations: [] }],
      },
      {
        ...{ type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', status: 'completed' },
        arguments: JSON.stringify(input),
      },
    ],
    usage: { input_tokens: 9, output_tokens: 5, total_tokens: 14 },
  }),
  'anthropic-messages': JSON.stringify({
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model, stop_reason: 'tool_use', stop_sequence: null },
    content: [
      { type: 'text', text: words },
      { type: 'tool_use', id: 'toolu_1', name: 'weather', input },
    ],
    usage: { input_tokens: 9, output_tokens: 5 },
  }),
  gemini: JSON.stringify({
    candidates: [
      {
        content: { role: 'model', parts: [{ text: words }, { functionCall: { name: 'weather', args: input } }] },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 },
    modelVersion: model,
    responseId: 'r1',
  }),
};
