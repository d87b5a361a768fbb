import type { RunningInstance } from './start-instance.js';

/** What a person needs next. Every line that is indented by four works as pasted, in the folder of the checkout. */
export function banner({ relayUrl, controlUrl, sandboxUrl, adminToken, demoKey }: RunningInstance): string {
  const addresses = `
Tollgate is ready.

  relay        ${relayUrl}
  control API  ${controlUrl}  docs at ${controlUrl}/docs
  sandbox      ${sandboxUrl}  answers in place of the providers
  admin token  ${adminToken}
`;
  if (demoKey === undefined) {
    return `${addresses}
The database has organisations of its own: make a key with POST ${controlUrl}/v1/organisations/<id>/keys.
`;
  }
  return `${addresses}  demo key     ${demoKey}  (organisation demo, team search)

Ask a model:

    curl -s ${relayUrl}/v1/chat/completions -H 'authorization: Bearer ${demoKey}' -H 'content-type: application/json' -d '{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hello"}]}'

What each team has spent:

    curl -s '${controlUrl}/v1/organisations/demo/spend?groupBy=team' -H 'authorization: Bearer ${adminToken}'

Does everything agree, in the log, the ledger and ClickHouse?

    curl -s ${controlUrl}/v1/reconciliation/runs -H 'authorization: Bearer ${adminToken}' -H 'content-type: application/json' -d '{"organisationId":"demo"}'

The OpenAI and Anthropic SDKs need another base URL and key, nothing else (node --input-type=module):

    import OpenAI from 'openai';
    const openai = new OpenAI({ baseURL: '${relayUrl}/v1', apiKey: '${demoKey}' });
    const chat = await openai.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello' }] });
    console.log(chat.choices[0].message.content, chat.usage);

    import Anthropic from '@anthropic-ai/sdk';
    const anthropic = new Anthropic({ baseURL: '${relayUrl}', apiKey: '${demoKey}' });
    const message = await anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] });
    console.log(message.content, message.usage);

Ctrl-C stops everything; the data stays.
`;
}
