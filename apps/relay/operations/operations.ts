import type { ChatApi } from '#protocols/chat/chat-api.js';
import type { UsageApi } from '#usage/usage-api.js';

/** One thing that a client can ask for: an endpoint of a protocol. */
export interface Operation {
  /** How rules and recordings call it. */
  readonly name: OperationName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the version, as its provider documents it. `{model}` is the model's name, `{id}` that of a file or batch. */
  readonly path: string;
  /** Whose words the client understands, where it is refused. */
  readonly protocol: ChatApi;
  /** The API that a channel has to serve for it. */
  readonly api: UsageApi;
  /** Who reads its usage out of the answer. What generates nothing is counted as embeddings are: input is all there is. */
  readonly usageApi: UsageApi;
  /** Where the answer tells no usage, nothing is charged. */
  readonly free?: true;
  /** Absent where all that is asked stands in the path. */
  readonly body?: 'json' | 'multipart' | 'either';
  /** Where the request says that it wants a stream: `member` of its body, `always` by its path. Absent: nowhere. */
  readonly stream?: 'member' | 'always';
  /** A channel that does not serve `api` may serve it in another chat API, converted. */
  readonly converts?: true;
  /** What its provider takes where the request names none. */
  readonly usualModel?: string;
  /** The relay answers it itself: no upstream is called, and nothing is recorded. */
  readonly local?: true;
  /** Nobody knows what its answer tells of its usage: that is missing, and not nothing. */
  readonly unmetered?: true;
  /** It is about files and batches, and its answer tells no usage: a batch is metered when it has ended. */
  readonly ofBatches?: true;
}

export type OperationName =
  | 'chat.completions'
  | 'responses'
  | 'completions'
  | 'embeddings'
  | 'images.generations'
  | 'images.edits'
  | 'images.variations'
  | 'audio.speech'
  | 'audio.transcriptions'
  | 'audio.translations'
  | 'moderations'
  | 'rerank'
  | 'models.list'
  | 'models.get'
  | 'messages'
  | 'messages.count_tokens'
  | 'generateContent'
  | 'streamGenerateContent'
  | 'embedContent'
  | 'batchEmbedContents'
  | 'countTokens'
  /** What is none of these, and is forwarded unread. */
  | 'passthrough'
  | BatchOperationName;

export type BatchOperationName =
  | 'files.create'
  | 'files.list'
  | 'files.get'
  | 'files.content'
  | 'files.delete'
  | 'batches.create'
  | 'batches.list'
  | 'batches.get'
  | 'batches.cancel';

const by = <Api extends UsageApi>(api: Api) => ({ api, usageApi: api });
const openai = { method: 'POST', protocol: 'openai-chat', body: 'json' } as const;
const anthropic = { method: 'POST', protocol: 'anthropic-messages', body: 'json' } as const;
const gemini = { method: 'POST', protocol: 'gemini', body: 'json' } as const;
const local = { method: 'GET', protocol: 'openai-chat', ...by('openai-chat'), local: true } as const;

/** Beside OpenAI's responses: https://platform.openai.com/docs/api-reference/batch */
const ofBatches = { method: 'GET', protocol: 'openai-chat', ...by('openai-responses'), ofBatches: true } as const;

/**
 * All that the relay serves; what is not here is refused. By their providers' word OpenAI's moderations and the counting
 * of tokens at Anthropic and Google cost nothing.
 * https://platform.openai.com/docs/guides/moderation https://platform.claude.com/docs/en/build-with-claude/token-counting
 * https://ai.google.dev/gemini-api/docs/tokens
 */
export const operations: readonly Operation[] = [
  {
    ...openai,
    name: 'chat.completions',
    path: '/chat/completions',
    ...by('openai-chat'),
    stream: 'member',
    converts: true,
  },
  {
    ...openai,
    name: 'responses',
    path: '/responses',
    protocol: 'openai-responses',
    ...by('openai-responses'),
    stream: 'member',
    converts: true,
  },
  { ...openai, name: 'completions', path: '/completions', ...by('openai-completions'), stream: 'member' },
  { ...openai, name: 'embeddings', path: '/embeddings', ...by('embeddings') },
  { ...openai, name: 'images.generations', path: '/images/generations', ...by('images'), stream: 'member' },
  { ...openai, name: 'images.edits', path: '/images/edits', ...by('images'), body: 'either', stream: 'member' },
  {
    ...openai,
    name: 'images.variations',
    path: '/images/variations',
    ...by('images'),
    body: 'multipart',
    usualModel: 'dall-e-2',
  },
  { ...openai, name: 'audio.speech', path: '/audio/speech', ...by('audio') },
  {
    ...openai,
    name: 'audio.transcriptions',
    path: '/audio/transcriptions',
    ...by('audio'),
    body: 'multipart',
    stream: 'member',
  },
  { ...openai, name: 'audio.translations', path: '/audio/translations', ...by('audio'), body: 'multipart' },
  {
    ...openai,
    name: 'moderations',
    path: '/moderations',
    api: 'openai-chat',
    usageApi: 'embeddings',
    free: true,
    usualModel: 'omni-moderation-latest',
  },
  { ...openai, name: 'rerank', path: '/rerank', ...by('rerank') },
  { ...anthropic, ...by('anthropic-messages'), name: 'messages', path: '/messages', stream: 'member', converts: true },
  {
    ...anthropic,
    name: 'messages.count_tokens',
    path: '/messages/count_tokens',
    api: 'anthropic-messages',
    usageApi: 'embeddings',
    free: true,
  },
  { ...gemini, ...by('gemini'), name: 'generateContent', path: '/models/{model}:generateContent', converts: true },
  {
    ...gemini,
    ...by('gemini'),
    name: 'streamGenerateContent',
    path: '/models/{model}:streamGenerateContent',
    stream: 'always',
    converts: true,
  },
  { ...gemini, name: 'embedContent', path: '/models/{model}:embedContent', api: 'gemini', usageApi: 'embeddings' },
  {
    ...gemini,
    name: 'batchEmbedContents',
    path: '/models/{model}:batchEmbedContents',
    api: 'gemini',
    usageApi: 'embeddings',
  },
  {
    ...gemini,
    name: 'countTokens',
    path: '/models/{model}:countTokens',
    api: 'gemini',
    usageApi: 'embeddings',
    free: true,
  },
  { ...local, name: 'models.list', path: '/models' },
  { ...local, name: 'models.get', path: '/models/{model}' },
  { ...ofBatches, name: 'files.create', method: 'POST', path: '/files' },
  { ...ofBatches, name: 'files.list', path: '/files' },
  { ...ofBatches, name: 'files.get', path: '/files/{id}' },
  { ...ofBatches, name: 'files.content', path: '/files/{id}/content' },
  { ...ofBatches, name: 'files.delete', method: 'DELETE', path: '/files/{id}' },
  { ...ofBatches, name: 'batches.create', method: 'POST', path: '/batches' },
  { ...ofBatches, name: 'batches.list', path: '/batches' },
  { ...ofBatches, name: 'batches.get', path: '/batches/{id}' },
  { ...ofBatches, name: 'batches.cancel', method: 'POST', path: '/batches/{id}/cancel' },
];
