/** A report as an outside program sends it, of usage long before the test. */
export const reportOf = (id: string, data: object = {}, envelope: object = {}) => ({
  specversion: '1.0',
  id,
  source: '//gateway.example/eu',
  type: 'tollgate.usage-report.v1',
  time: '2026-06-30T23:59:59.999Z',
  ...envelope,
  data: {
    channel: 'gateway',
    finishedAt: '2026-07-01T02:00:02+02:00',
    providerUsage: {
      provider: 'openai',
      api: 'openai-chat',
      model: 'gpt-5-mini',
      servedModel: 'gpt-5-mini-2025-08-07',
      usage: {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 60 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
    },
    ...data,
  },
});
