import { describe, expect, it } from '@jest/globals';
import { Refusal } from '#protocols/error-body.js';
import type { UsageApi } from '#usage/usage-api.js';
import type { ChannelSettings } from '../adapter.js';
import { openChannel } from '../channel.js';
import { ChannelTable } from '../channel-table.js';
import { prepareRequest } from '../prepare-request.js';
import { findPreset } from './registry.js';

interface Asked {
  readonly api: UsageApi;
  readonly stream?: boolean;
  readonly path?: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly settings?: ChannelSettings;
}

/** The request of a preset, its secret taken as the credential itself. */
function request(preset: string, { api, stream = false, path, model = 'm', baseUrl, settings }: Asked) {
  const { openCredential: _exchanged, ...adapter } = findPreset(preset)!;
  const described = {
    ...{ id: 'ch', adapter: preset, models: ['m'].map(() => model) },
    ...(baseUrl !== undefined && { baseUrl }),
    ...(settings !== undefined && { settings }),
  };
  const channel = openChannel(described, { adapter, secret: 'the-key', complain: () => undefined });
  const [candidate] = new ChannelTable([channel]).candidates(api, model);
  const body = Buffer.from(`{"model":"${model}","stream":${stream}}`);
  const call = { requestId: 'r', api, method: 'POST', query: '', model, stream, headers: {}, body };
  const prepared = prepareRequest({ ...call, ...(path !== undefined && { path }) }, candidate!, new Date(0));
  if (prepared instanceof Refusal) throw new Error(prepared.message);
  return { ...prepared, url: `${prepared.origin}${prepared.path}`, text: prepared.body.toString() };
}

describe('a preset reaches its provider where that documents it', () => {
  it.each<[string, UsageApi, string]>([
    ['openai', 'openai-chat', 'https://api.openai.com/v1/chat/completions'],
    ['openai', 'openai-responses', 'https://api.openai.com/v1/responses'],
    ['anthropic', 'anthropic-messages', 'https://api.anthropic.com/v1/messages'],
    ['gemini', 'gemini', 'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent'],
    ['gemini', 'openai-chat', 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions'],
    ['deepseek', 'openai-chat', 'https://api.deepseek.com/chat/completions'],
    ['deepseek', 'anthropic-messages', 'https://api.deepseek.com/anthropic/v1/messages'],
    ['qwen', 'openai-chat', 'https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions'],
    ['qwen', 'anthropic-messages', 'https://dashscope.aliyuncs.com/apps/anthropic/v1/messages'],
    ['kimi', 'openai-chat', 'https://api.moonshot.ai/v1/chat/completions'],
    ['kimi', 'anthropic-messages', 'https://api.moonshot.ai/anthropic/v1/messages'],
    ['glm', 'openai-chat', 'https://api.z.ai/api/paas/v4/chat/completions'],
    ['glm', 'anthropic-messages', 'https://api.z.ai/api/anthropic/v1/messages'],
    ['ernie', 'openai-chat', 'https://qianfan.baidubce.com/v2/chat/completions'],
    ['doubao', 'openai-chat', 'https://ark.cn-beijing.volces.com/api/v3/chat/completions'],
    ['grok', 'openai-chat', 'https://api.x.ai/v1/chat/completions'],
    ['mistral', 'openai-chat', 'https://api.mistral.ai/v1/chat/completions'],
    ['cohere', 'openai-chat', 'https://api.cohere.ai/compatibility/v1/chat/completions'],
    ['cohere', 'rerank', 'https://api.cohere.ai/v2/rerank'],
    ['groq', 'openai-chat', 'https://api.groq.com/openai/v1/chat/completions'],
    ['perplexity', 'openai-chat', 'https://api.perplexity.ai/chat/completions'],
    ['openrouter', 'openai-chat', 'https://openrouter.ai/api/v1/chat/completions'],
    ['siliconflow', 'rerank', 'https://api.siliconflow.com/v1/rerank'],
    ['ollama', 'openai-chat', 'http://localhost:11434/v1/chat/completions'],
  ])('%s, %s: %s', (preset, api, url) => {
    expect(request(preset, { api }).url).toBe(url);
  });

  it('Azure by its deployment and version, with the key in its own header', () => {
    const asked = { api: 'openai-chat', model: 'my gpt', baseUrl: 'https://us.openai.azure.com' } as const;
    const { url, headers } = request('azure', { ...asked, settings: { apiVersion: '2025-01-01' } });
    expect(url).toBe('https://us.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2025-01-01');
    expect(headers).toMatchObject({ 'api-key': 'the-key' });
    expect(headers['authorization']).toBeUndefined();
  });

  it('Gemini with its own action and header', () => {
    const streamed = request('gemini', { api: 'gemini', stream: true });
    expect(streamed.url).toMatch(/\/models\/m:streamGenerateContent\?alt=sse$/);
    expect(streamed.headers).toMatchObject({ 'x-goog-api-key': 'the-key' });
    expect(request('gemini', { api: 'gemini', path: '/models/{model}:countTokens' }).url).toMatch(/m:countTokens$/);
  });

  it('Vertex by project and location, Anthropic’s model in the path and its version in the body', () => {
    const settings = { project: 'p', location: 'europe-west1' };
    expect(request('vertex', { api: 'gemini', settings }).url).toBe(
      'https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers/google/models/m:generateContent',
    );
    const claude = { api: 'anthropic-messages', path: '/messages', model: 'claude-opus-4-1@20250805' } as const;
    const { url, text, headers } = request('vertex', { ...claude, stream: true, settings: { project: 'p' } });
    expect(url).toBe(
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/claude-opus-4-1@20250805:streamRawPredict',
    );
    expect(text).toBe('{"anthropic_version":"vertex-2023-10-16","stream":true}');
    expect(headers).toMatchObject({ authorization: 'Bearer the-key' });
    const counted = request('vertex', { ...claude, path: '/messages/count_tokens', settings });
    expect(counted.url).toMatch(/\/publishers\/anthropic\/models\/count-tokens:rawPredict$/);
    expect(JSON.parse(counted.text)).toMatchObject({ model: claude.model });
  });

  it('Bedrock in its region, with an API key as a bearer', () => {
    const settings = { awsRegion: 'eu-central-1' };
    const { url, headers } = request('bedrock', { api: 'anthropic-messages', settings });
    expect(url).toBe('https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic/v1/messages');
    expect(headers).toMatchObject({ authorization: 'Bearer the-key' });
    const converse = { api: 'bedrock-converse', stream: true, model: 'eu.anthropic.claude:0', settings } as const;
    expect(request('bedrock', converse).path).toBe('/model/eu.anthropic.claude%3A0/converse-stream');
  });

  it.each([
    'koalaapi',
    'xinglianapi',
    'treerouter',
    '147api',
    'poloapi',
    'api2d',
    'one-api',
    'new-api',
    'litellm',
    'vllm',
  ])('%s only at an address that the channel states', (preset) => {
    expect(() => request(preset, { api: 'openai-chat' })).toThrow(
      `Channel "ch": the adapter "${preset}" knows no address: set baseUrl to the one that its operator gives.`,
    );
  });
});

describe('a base URL of a channel’s own', () => {
  it.each([
    ['openai', 'http://10.0.0.1:8000', 'http://10.0.0.1:8000/v1/chat/completions'],
    ['openai', 'http://10.0.0.1:8000/v1/', 'http://10.0.0.1:8000/v1/chat/completions'],
    ['openai', 'https://proxy.example/api/v3', 'https://proxy.example/api/v3/chat/completions'],
    ['openai', 'https://proxy.example/v1beta/openai', 'https://proxy.example/v1beta/openai/chat/completions'],
    ['glm', 'https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/paas/v4/chat/completions'],
    [
      'qwen',
      'https://dashscope-intl.aliyuncs.com',
      'https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions',
    ],
  ])('%s at %s', (preset, baseUrl, url) => {
    expect(request(preset, { api: 'openai-chat', baseUrl }).url).toBe(url);
  });
});
