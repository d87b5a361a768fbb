/** Names that people, gateways and client libraries give to the same provider, and the one that differences go by. */
const canonicalNames: Readonly<Record<string, string>> = {
  'x-ai': 'xai',
  grok: 'xai',
  'google-ai-studio': 'google',
  'google-genai': 'google',
  'google-vertex': 'google',
  'google-vertex-ai': 'google',
  gemini: 'google',
  'vertex-ai': 'google',
  vertex: 'google',
  vertexai: 'google',
  'azure-openai': 'azure',
  'azure-ai': 'azure',
  'azure-ai-foundry': 'azure',
  'mistral-ai': 'mistral',
  mistralai: 'mistral',
  'open-router': 'openrouter',
  'perplexity-ai': 'perplexity',
  pplx: 'perplexity',
  'aws-bedrock': 'bedrock',
  'amazon-bedrock': 'bedrock',
  aws: 'bedrock',
  alibaba: 'qwen',
  dashscope: 'qwen',
  'alibaba-cloud': 'qwen',
  moonshotai: 'moonshot',
  kimi: 'moonshot',
  zai: 'zhipu',
  'z-ai': 'zhipu',
  zhipuai: 'zhipu',
  bigmodel: 'zhipu',
  voyageai: 'voyage',
};

const SEPARATORS = /[_ .]/g;

/** The name that a provider's differences are keyed by. A name that nobody knows stays as it is, in lower case. */
export function providerName(provider: string): string {
  const name = provider.trim().toLowerCase().replaceAll(SEPARATORS, '-');
  return canonicalNames[name] ?? name;
}
