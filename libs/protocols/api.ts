/** The wire formats that the relay speaks. Each is a family: many providers serve the same one. */
export type Api = 'openai-chat' | 'anthropic-messages';

export const apis = ['openai-chat', 'anthropic-messages'] as const satisfies readonly Api[];

/** Where clients reach an API, under the base URL and with or without `/v1` in front. */
export const apiPaths: Readonly<Record<Api, string>> = {
  'openai-chat': '/chat/completions',
  'anthropic-messages': '/messages',
};
