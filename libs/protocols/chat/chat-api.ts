/** The protocols in which an application can talk to a model, and between which we convert. */
export const chatApis = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;
export type ChatApi = (typeof chatApis)[number];
