import type { UsageApi } from '#usage/usage-api.js';
import type { Counts } from './recording.js';

/** A body with what the library genai-prices (pydantic, MIT) takes out of it by one of its extractors. */
export interface Extraction {
  /** Where the body was recorded: the path within the data. */
  readonly file: string;
  /** The library's own names. */
  readonly provider: string;
  readonly flavor: string;
  /** The same wire format in ours. */
  readonly api: UsageApi;
  readonly body: Readonly<Record<string, unknown>>;
  /** The usage object within the body. */
  readonly usage: Counts;
  readonly extracted: Readonly<Record<string, number | undefined>>;
}

/** What both of us count. Unit: tokens. */
export interface Compared {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
  readonly reasoning: number;
}

interface Row {
  readonly body: Readonly<Record<string, unknown>> & { readonly file: string };
  readonly extracted: readonly {
    readonly extractors: readonly { readonly provider_id: string; readonly api_flavor: string }[];
    readonly usage: Readonly<Record<string, number>>;
  }[];
}

const apisByFlavor: Readonly<Record<string, UsageApi>> = {
  chat: 'openai-chat',
  'groq default': 'openai-chat',
  'mistral default': 'openai-chat',
  'perplexity default': 'openai-chat',
  'x-ai default': 'openai-chat',
  responses: 'openai-responses',
  anthropic: 'anthropic-messages',
  'anthropic default': 'anthropic-messages',
  'minimax default': 'anthropic-messages',
  embeddings: 'embeddings',
  'aws default': 'bedrock-converse',
  'google default': 'gemini',
  'cohere default': 'cohere-chat',
  'cohere tokens': 'cohere-chat',
};

/** Every body with every extractor of the library that takes something out of it. */
export function extractionsIn(rows: readonly Row[]): Extraction[] {
  return rows.flatMap(({ body, extracted }) =>
    extracted.flatMap(({ extractors, usage }) =>
      extractors.map(({ provider_id: provider, api_flavor: flavor }) => {
        const api = apisByFlavor[`${provider} ${flavor}`] ?? apisByFlavor[flavor];
        if (api === undefined) throw new Error(`${provider} ${flavor} is a new flavour: say which API it is.`);
        const told = body['usage'] ?? body['usageMetadata'] ?? body['meta'];
        return { file: body.file, provider, flavor, api, body, usage: told as Counts, extracted: usage };
      }),
    ),
  );
}
