import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { eventually } from '../support/eventually.js';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
beforeAll(async () => void (instance = await startInstance()), 120_000);
afterAll(() => instance.stop());

/** 6 words in, at most 10 out: gpt-5-mini costs $0.25 and $2 per million tokens. */
const chat = {
  model: 'gpt-5-mini',
  messages: [{ role: 'user' as const, content: 'one two three four five six' }],
  max_completion_tokens: 10,
};
const chatPrice = '0.0000215';

async function revenue(): Promise<string | undefined> {
  const { data } = await instance.control('GET', '/v1/organisations/demo/ledger/accounts');
  return data.find(({ name }: { name: string }) => name === 'usage-revenue:openai')?.balance;
}

describe('one request', () => {
  it('is in spend by team, in the ledger and in a balanced reconciliation within two seconds', async () => {
    const answer = await instance.relay('/v1/chat/completions', chat);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]+$/);
    expect(await answer.json()).toMatchObject({ usage: { prompt_tokens: 6, completion_tokens: 10 } });

    await eventually(async () => {
      const spend = await instance.control('GET', '/v1/organisations/demo/spend?groupBy=team');
      expect(spend.data).toMatchObject([
        { teamId: 'search', charged: 1, inputTokens: 6, outputTokens: 10, amount: chatPrice },
      ]);
      expect(await revenue()).toBe(chatPrice);
    }, 2_000);
    const run = await instance.control('POST', '/v1/reconciliation/runs', { organisationId: 'demo' });
    expect(run).toMatchObject({
      status: 'balanced',
      grossErrorPpm: 0,
      counts: { accepted: 1, charged: 1, suspended: 0, quarantined: 0, voided: 0 },
      totals: [
        {
          currency: 'USD',
          log: chatPrice,
          clickhouse: chatPrice,
          recomputed: chatPrice,
          ledger: chatPrice,
          generalLedger: chatPrice,
        },
      ],
    });
  });

  it('takes what the customer pays from the wallet, and owes the provider the cost', async () => {
    const { data, totals } = await instance.control('GET', '/v1/organisations/demo/ledger/trial-balance');
    const balances = Object.fromEntries(data.map((row: { name: string; balance: string }) => [row.name, row.balance]));
    expect(balances).toMatchObject({
      'cash-clearing': '1000',
      'customer-wallet': '999.9999785',
      'usage-revenue:openai': chatPrice,
      'cost-of-sales:openai': chatPrice,
      'provider-clearing:openai': chatPrice,
    });
    expect(totals).toMatchObject([{ currency: 'USD', balanced: true }]);
  });
});

describe('the official SDKs', () => {
  it('read the same answer streamed and not, and each call is charged once', async () => {
    const before = await instance.counts('demo');
    const openai = new OpenAI({ apiKey: instance.demoKey, baseURL: `${instance.relayUrl}/v1`, maxRetries: 0 });
    const whole = await openai.chat.completions.create(chat);
    const pieces: string[] = [];
    for await (const chunk of await openai.chat.completions.create({ ...chat, stream: true })) {
      expect(chunk.choices).toHaveLength(1);
      pieces.push(chunk.choices[0]?.delta.content ?? '');
    }
    expect(pieces.join('')).toBe(whole.choices[0]?.message.content);

    const anthropic = new Anthropic({ apiKey: instance.demoKey, baseURL: instance.relayUrl, maxRetries: 0 });
    const message = { model: 'claude-haiku-4-5', max_tokens: 10, messages: chat.messages };
    const said = await anthropic.messages.create(message);
    expect(said.usage).toMatchObject({ input_tokens: 6, output_tokens: 10 });
    expect(await anthropic.messages.stream(message).finalText()).toBe(
      said.content[0]?.type === 'text' && said.content[0].text,
    );

    await eventually(async () => {
      const after = await instance.counts('demo');
      expect(after).toEqual({ ...before, accepted: before.accepted + 4, charged: before.charged + 4 });
    }, 5_000);
  });
});

describe('every accepted event ends in one of four fates', () => {
  const told = (sandbox: string) => ({ headers: { 'x-sandbox': sandbox } });
  it.each([
    ['a model without a price is suspended, not free', { ...chat, model: 'sandbox-unpriced' }, {}, 'suspended'],
    ['usage that the provider did not give is suspended, not zero', chat, told('usage=omit'), 'suspended'],
    ['an upstream error without usage is voided', chat, told('status=429'), 'voided'],
    ['usage on every chunk of a stream is charged once', { ...chat, stream: true }, told('usage=repeat'), 'charged'],
    ['a stream that breaks off is suspended', { ...chat, stream: true }, told('cut-at=300'), 'suspended'],
  ])('%s', async (_fact, body, init, fate) => {
    const before = await instance.counts('demo');
    await instance.relay('/v1/chat/completions', body, init).then((answer) => answer.text().catch(() => ''));
    await eventually(async () => {
      const after = await instance.counts('demo');
      const grown = Object.entries(after).filter(([name, count]) => count !== before[name as keyof typeof before]);
      expect(grown.map(([name]) => name).sort()).toEqual(['accepted', fate].sort());
    }, 5_000);
  });
});

describe('what the instance keeps', () => {
  it('holds no word of a prompt or an answer, and no key but in its secrets file', async () => {
    const secret = 'zanzibar-quicksilver';
    const answer = await instance.relay('/v1/chat/completions', {
      ...chat,
      messages: [{ role: 'user', content: secret }],
    });
    const { choices } = (await answer.json()) as { choices: [{ message: { content: string } }] };
    const said = choices[0].message.content;
    await instance.relay('/v1/chat/completions', `{"model": "gpt-5-mini", "${secret}"`);
    await instance.counts('demo');
    expect(await instance.filesHolding(secret)).toEqual([]);
    expect(await instance.filesHolding(said)).toEqual([]);
    expect(await instance.filesHolding(instance.demoKey)).toEqual(['secrets.json']);
  });
});
