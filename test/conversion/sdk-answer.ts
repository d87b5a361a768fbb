import Anthropic from '@anthropic-ai/sdk';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { GoogleGenAI } from '@google/genai';
import { jsonSchema, streamText, tool, type LanguageModel, type ToolSet } from 'ai';
import OpenAI from 'openai';
import type { ChatApi } from '#protocols/chat/chat-api.js';

/** What a client got out of a streamed answer, in words that all SDKs share. */
export interface SdkAnswer {
  /** Refusals included: not every protocol keeps them apart. */
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown }[];
  readonly stop: SdkStop | undefined;
}
export type SdkStop = 'end' | 'length' | 'tool-calls' | 'content-filter' | 'other';

type ReadAnswer = (baseUrl: string) => Promise<SdkAnswer>;
const model = 'a-model';
const prompt = 'Hello.';
export const apiKey = 'a-key';

/** The official SDK of each protocol. */
export const officialSdk: Readonly<Record<ChatApi, ReadAnswer>> = {
  'openai-chat': readOpenAiChat,
  'openai-responses': readOpenAiResponses,
  'anthropic-messages': readAnthropic,
  gemini: readGemini,
};

/** The provider of each protocol for the `ai` SDK. */
const aiModels: Readonly<Record<ChatApi, (baseURL: string) => LanguageModel>> = {
  'openai-chat': (baseURL) => createOpenAI({ baseURL, apiKey }).chat(model),
  'openai-responses': (baseURL) => createOpenAI({ baseURL, apiKey }).responses(model),
  'anthropic-messages': (baseURL) => createAnthropic({ baseURL, apiKey })(model),
  gemini: (baseURL) => createGoogleGenerativeAI({ baseURL, apiKey })(model),
};

const stops: Readonly<Record<string, SdkStop>> = {
  stop: 'end',
  end_turn: 'end',
  stop_sequence: 'end',
  STOP: 'end',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_context_window_exceeded: 'length',
  MAX_TOKENS: 'length',
  tool_calls: 'tool-calls',
  'tool-calls': 'tool-calls',
  function_call: 'tool-calls',
  tool_use: 'tool-calls',
  content_filter: 'content-filter',
  'content-filter': 'content-filter',
  refusal: 'content-filter',
  SAFETY: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
};

function stopOf(reason: string | null | undefined): SdkStop | undefined {
  return reason === null || reason === undefined ? undefined : (stops[reason] ?? 'other');
}

/** A call that was cut off has no JSON: its text is compared as it is. */
function inputOf(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json);
  } catch {
    return json;
  }
}

async function readOpenAiChat(baseURL: string): Promise<SdkAnswer> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: prompt }],
    stream: true,
  });
  let text = '';
  let stop: string | null | undefined;
  const calls: { name: string; json: string }[] = [];
  for await (const { choices } of stream) {
    const choice = (choices ?? []).find(({ index }) => (index ?? 0) === 0);
    if (choice === undefined) continue;
    stop = choice.finish_reason ?? stop;
    text += wordsOf(choice.delta?.content) + (choice.delta?.refusal ?? '');
    for (const { index, function: called } of choice.delta?.tool_calls ?? []) {
      const call = (calls[index ?? calls.length] ??= { name: '', json: '' });
      call.name ||= called?.name ?? '';
      call.json += called?.arguments ?? '';
    }
  }
  // Their numbers may have gaps.
  const toolCalls = calls.flatMap(({ name, json }) => [{ name, input: inputOf(json) }]);
  return { text, toolCalls, stop: stopOf(stop) };
}

/** Mistral's thinking models send a list of parts in place of the words. */
function wordsOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = (content ?? []) as readonly { readonly type: string; readonly text?: string }[];
  return parts.map(({ type, text }) => (type === 'text' ? text : '')).join('');
}

async function readOpenAiResponses(baseURL: string): Promise<SdkAnswer> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const answer = await client.responses.stream({ model, input: prompt }).finalResponse();
  const toolCalls = answer.output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, input: inputOf(item.arguments) }] : [],
  );
  const text = answer.output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => (part.type === 'refusal' ? part.refusal : part.text))
    .join('');
  const ended = toolCalls.length > 0 ? 'tool_calls' : 'stop';
  return { text, toolCalls, stop: stopOf(answer.incomplete_details?.reason ?? ended) };
}

async function readAnthropic(baseURL: string): Promise<SdkAnswer> {
  const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: prompt }];
  const answer = await client.messages.stream({ model, max_tokens: 100, messages }).finalMessage();
  const text = answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const toolCalls = answer.content.flatMap((block) =>
    block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
  );
  return { text, toolCalls, stop: stopOf(answer.stop_reason) };
}

/** Google's SDK looks for undici's dispatcher on the global object, where a test's sandbox has none. */
const plainFetch: typeof fetch = (url, init) => {
  const { method, headers, body } = init ?? {};
  return fetch(url, { method: method ?? 'GET', headers: headers ?? {}, body: body ?? null });
};

async function readGemini(baseUrl: string): Promise<SdkAnswer> {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl, fetch: plainFetch } });
  const stream = await client.models.generateContentStream({ model, contents: prompt });
  let text = '';
  let stop: string | undefined;
  const toolCalls: { name: string; input: unknown }[] = [];
  for await (const { candidates, promptFeedback } of stream) {
    const candidate = (candidates ?? []).find(({ index }) => (index ?? 0) === 0);
    stop = candidate?.finishReason ?? (promptFeedback?.blockReason === undefined ? stop : 'SAFETY');
    for (const part of candidate?.content?.parts ?? []) {
      if (part.text !== undefined && part.thought !== true) text += part.text;
      if (part.functionCall?.name !== undefined)
        toolCalls.push({ name: part.functionCall.name, input: part.functionCall.args ?? {} });
    }
  }
  return { text, toolCalls, stop: stopOf(stop === 'STOP' && toolCalls.length > 0 ? 'tool_calls' : stop) };
}

/** The same through the `ai` SDK, which has to be told the tools that the model may call. */
export async function readWithAi(api: ChatApi, baseUrl: string, toolNames: readonly string[]): Promise<SdkAnswer> {
  const anything = tool({ inputSchema: jsonSchema({ type: 'object' }) });
  const result = streamText({
    model: aiModels[api](baseUrl),
    prompt,
    maxOutputTokens: 100,
    maxRetries: 0,
    tools: Object.fromEntries(toolNames.map((name) => [name, anything])) as ToolSet,
    onError: () => undefined,
  });
  const toolCalls = (await result.toolCalls).map(({ toolName, input }) => ({ name: toolName, input }));
  return { text: await result.text, toolCalls, stop: stopOf(await result.finishReason) };
}

/** A red pixel. */
const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const imageUrl = `data:image/png;base64,${image}`;
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] };
const description = 'Tells the weather';

/** The same, asked for a whole answer with an image and a tool. */
export const askWithAll: Readonly<Record<ChatApi, ReadAnswer>> = {
  async 'openai-chat'(baseURL) {
    const { choices } = await new OpenAI({ baseURL, apiKey, maxRetries: 0 }).chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: prompt },
            { type: 'image_url', image_url: { url: imageUrl } },
          ],
        },
      ],
      tools: [{ type: 'function', function: { name: 'weather', description, parameters } }],
    });
    const { message, finish_reason } = choices[0]!;
    const calls = (message.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call.function] : []));
    const toolCalls = calls.map(({ name, arguments: json }) => ({ name, input: inputOf(json) }));
    return { text: message.content ?? '', toolCalls, stop: stopOf(finish_reason) };
  },
  async 'openai-responses'(baseURL) {
    const answer = await new OpenAI({ baseURL, apiKey, maxRetries: 0 }).responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: prompt },
            { type: 'input_image', image_url: imageUrl, detail: 'auto' },
          ],
        },
      ],
      tools: [{ type: 'function', name: 'weather', description, parameters, strict: false }],
    });
    const toolCalls = answer.output.flatMap((item) =>
      item.type === 'function_call' ? [{ name: item.name, input: inputOf(item.arguments) }] : [],
    );
    return { text: answer.output_text, toolCalls, stop: undefined };
  },
  async 'anthropic-messages'(baseURL) {
    const { content, stop_reason } = await new Anthropic({ baseURL, apiKey, maxRetries: 0 }).messages.create({
      model,
      max_tokens: 100,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: prompt },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
          ],
        },
      ],
      tools: [{ name: 'weather', description, input_schema: parameters }],
    });
    const toolCalls = content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
    );
    const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    return { text, toolCalls, stop: stopOf(stop_reason) };
  },
  async gemini(baseUrl) {
    const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl, fetch: plainFetch } });
    const { candidates } = await client.models.generateContent({
      model,
      contents: [{ role: 'user', parts: [{ text: prompt }, { inlineData: { mimeType: 'image/png', data: image } }] }],
      config: {
        tools: [{ functionDeclarations: [{ name: 'weather', description, parametersJsonSchema: parameters }] }],
      },
    });
    const parts = candidates?.[0]?.content?.parts ?? [];
    const toolCalls = parts.flatMap(({ functionCall: call }) =>
      call?.name === undefined ? [] : [{ name: call.name, input: call.args ?? {} }],
    );
    const text = parts.map((part) => part.text ?? '').join('');
    return { text, toolCalls, stop: stopOf(candidates?.[0]?.finishReason) };
  },
};
