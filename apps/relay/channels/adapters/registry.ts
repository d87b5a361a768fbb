import type { ChannelAdapter } from '../adapter.js';
import { api147 } from './147api.js';
import { fourSapi } from './4sapi.js';
import { anthropic } from './anthropic.js';
import { api2d } from './api2d.js';
import { azure } from './azure.js';
import { bedrock } from './bedrock.js';
import { cohere } from './cohere.js';
import { deepseek } from './deepseek.js';
import { doubao } from './doubao.js';
import { ernie } from './ernie.js';
import { gemini } from './gemini.js';
import { glm } from './glm.js';
import { grok } from './grok.js';
import { groq } from './groq.js';
import { kimi } from './kimi.js';
import { koalaApi } from './koalaapi.js';
import { litellm } from './litellm.js';
import { mistral } from './mistral.js';
import { newApi } from './new-api.js';
import { ollama } from './ollama.js';
import { oneApi } from './one-api.js';
import { openai } from './openai.js';
import { openrouter } from './openrouter.js';
import { perplexity } from './perplexity.js';
import { poloApi } from './poloapi.js';
import { qwen } from './qwen.js';
import { siliconflow } from './siliconflow.js';
import { treeRouter } from './treerouter.js';
import { vertex } from './vertex.js';
import { vllm } from './vllm.js';
import { xinglianApi } from './xinglianapi.js';
import { yi } from './yi.js';

/** The providers and gateways that a channels file may name. */
export const presets: readonly ChannelAdapter[] = [
  openai,
  azure,
  anthropic,
  gemini,
  vertex,
  bedrock,
  deepseek,
  qwen,
  kimi,
  glm,
  ernie,
  doubao,
  yi,
  grok,
  mistral,
  cohere,
  groq,
  perplexity,
  vllm,
  ollama,
  fourSapi,
  koalaApi,
  xinglianApi,
  treeRouter,
  api147,
  poloApi,
  openrouter,
  api2d,
  siliconflow,
  oneApi,
  newApi,
  litellm,
];

const byName = new Map(presets.map((adapter) => [adapter.name, adapter]));

export const findPreset = (name: string): ChannelAdapter | undefined => byName.get(name);
