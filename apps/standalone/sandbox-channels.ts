/** The models that the standalone's channels send to the sandbox: the list of apps/sandbox/models.ts, by provider. */
export const sandboxModels = {
  openai: [
    'gpt-5.4',
    'gpt-5.4-mini',
    'gpt-5',
    'gpt-5-mini',
    'gpt-5-nano',
    'gpt-4.1',
    'gpt-4.1-mini',
    'gpt-4o',
    'gpt-4o-mini',
    'o4-mini',
    'sandbox-unpriced',
  ],
  anthropic: [
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-opus-4-5',
    'claude-sonnet-4-5',
    'claude-haiku-4-5',
    'sandbox-unpriced',
  ],
} as const;

/** The relay's channels file (apps/relay/channels): each provider's models go to the sandbox, which needs no key. */
export function sandboxChannels(sandboxUrl: string) {
  const channel = (provider: keyof typeof sandboxModels, protocol: string) => ({
    id: `sandbox-${provider}`,
    provider,
    protocol,
    baseUrl: `${sandboxUrl}/v1`,
    models: sandboxModels[provider],
  });
  return { channels: [channel('openai', 'openai-chat'), channel('anthropic', 'anthropic-messages')] };
}
