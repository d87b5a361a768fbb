import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import type { ChargeEvent } from '#contracts/charge.js';
import { dataHash } from '#contracts/cloud-event.js';
import type { PriceBook } from '#contracts/price-book.js';
import type { UsageEvent, UsageEventData } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import { compilePriceBook } from '#rating/compile-price-book.js';
import { type RatedUsage, rateUsage } from '#rating/rate-usage.js';
import { totalQuantity } from '#rating/total-quantity.js';
import { writeRating } from '#rating/write-rating.js';
import { billedModel } from '#usage/usage.js';

/** A price book with every peculiarity: cliffs, no base rate, tiers, an empty rate, two currencies, extreme prices. */
export const book: PriceBook = {
  version: '2026-07-24-0123abcd',
  publishedAt: '2026-07-24T00:00:00.000Z',
  tariffs: [
    tariff(['small', "sm'all\\"], 'USD', [
      { tier: 'standard', aboveInputTokens: 0, unitPrices: prices('0.000000000001', '0.00000025') },
      { tier: 'standard', aboveInputTokens: 200, unitPrices: prices('0.0000005', '0.000002') },
      { tier: 'standard', aboveInputTokens: 50, unitPrices: prices('0.0000003', '0.000001') },
      { tier: 'batch', aboveInputTokens: 0, unitPrices: prices('0.000000000003', '0.000000125') },
      { tier: 'priority+speed=fast+geo=us', aboveInputTokens: 0, unitPrices: prices('0.1', '0.2') },
    ]),
    tariff(['cliff-only'], 'USD', [{ tier: 'standard', aboveInputTokens: 100, unitPrices: prices('1', '2') }]),
    tariff(['unlisted'], 'USD', [{ tier: 'standard', aboveInputTokens: 0, unitPrices: {} }]),
    tariff(['euro'], 'EUR', [{ tier: 'standard', aboveInputTokens: 0, unitPrices: prices('0.01', '0.02') }]),
    tariff(['dear'], 'USD', [{ tier: 'standard', aboveInputTokens: 0, unitPrices: prices('1000000000000000', '1') }]),
  ],
};
const compiled = compilePriceBook(book);

function tariff(models: string[], currency: string, rates: PriceBook['tariffs'][number]['rates']) {
  return { provider: 'openai', models, currency, source: 'a test', checkedOn: '2026-07-24', rates };
}

function prices(input: string, output: string): Record<string, string> {
  return { 'in.fresh.text': input, 'in.cacheRead.text': input, 'out.text': output, 'units.webSearch': '0.01' };
}

export type Sketch = Partial<Omit<UsageEventData, 'usage'>> & {
  readonly org?: string;
  readonly id?: string;
  readonly usage?: Partial<UsageEventData['usage']>;
  readonly sequence?: number;
  readonly index?: number;
};

/** A usage event as the log delivers it, in the parts that a test is about. */
export function deliveredUsage(sketch: Sketch = {}): Delivered<UsageEvent> {
  const { org = 'acme', id = uuidv7(), usage, sequence = 1, index = 0, ...rest } = sketch;
  const data: UsageEventData = {
    requestId: 'request-1',
    attempt: 1,
    outcome: 'completed',
    startedAt: '2026-07-24T10:15:00.000Z',
    finishedAt: '2026-07-24T10:15:01.402Z',
    teamId: 'research',
    projectId: 'search',
    keyId: 'key-1',
    channelId: 'openai-main',
    priceVersion: book.version,
    ...rest,
    usage: { ...exampleUsage, ...usage },
  };
  const event: UsageEvent = {
    specversion: '1.0',
    id,
    source: 'relay-1',
    type: 'tollgate.usage.v1',
    time: data.startedAt,
    datacontenttype: 'application/json',
    org,
    datahash: dataHash(data),
    data,
  };
  return { event, position: { sequence, index } };
}

const exampleUsage: UsageEventData['usage'] = {
  provider: 'openai',
  api: 'openai-chat',
  requestedModel: 'small',
  segments: [{ kind: 'main', in: { fresh: { text: 10 } }, out: { text: 3 } }],
  completeness: 'final',
  anomalies: [],
};

export function rate({ event }: Delivered<UsageEvent>): RatedUsage {
  return rateUsage(event.data, event.data.priceVersion === book.version ? compiled : undefined);
}

/** The charge that pricing makes of a usage event, as CHARGES delivers it. */
export function chargeOf(delivered: Delivered<UsageEvent>): Delivered<ChargeEvent> {
  const { event, position } = delivered;
  const { requestId, teamId, projectId, keyId, channelId, priceVersion, usage } = event.data;
  const data: ChargeEvent['data'] = {
    usageHash: event.datahash,
    position,
    effectiveAt: event.time,
    requestId,
    teamId,
    projectId,
    keyId,
    channelId,
    provider: usage.provider,
    model: billedModel(usage),
    priceVersion,
    quantity: totalQuantity(usage).toString(),
    rating: writeRating(rate(delivered)),
  };
  return {
    event: { ...event, source: 'pricing', type: 'tollgate.charge.v1', datahash: dataHash(data), data },
    position,
  };
}

const count = fc.oneof(
  { weight: 8, arbitrary: fc.nat(120) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(50, 51, 200, 201, Number.MAX_SAFE_INTEGER) },
);
const model = fc.constantFrom(
  'small',
  'small',
  'small',
  "sm'all\\",
  'cliff-only',
  'unlisted',
  'euro',
  'dear',
  'nobody-knows',
);
const word = fc.constantFrom('default', 'Standard', 'global', 'priority', 'FAST', 'us', '');
const optional = { requiredKeys: [] as [] };

const segment = fc.record(
  {
    kind: fc.constant('main' as const),
    model,
    in: fc.record(
      { fresh: fc.record({ text: count }, optional), cacheRead: fc.record({ text: count }, optional) },
      optional,
    ),
    out: fc.oneof(
      { weight: 9, arbitrary: fc.record({ text: count }, optional) },
      { weight: 1, arbitrary: fc.record({ audio: count }, optional) },
    ),
  },
  { requiredKeys: ['kind', 'in', 'out'] },
);

/** Usage of every kind that rating tells apart. */
export const anyUsage: fc.Arbitrary<Pick<UsageEventData, 'outcome' | 'priceVersion' | 'usage'>> = fc.record({
  outcome: fc.constantFrom('completed', 'completed', 'failed', 'expired'),
  priceVersion: fc.constantFrom(book.version, book.version, book.version, 'never published'),
  usage: fc.record(
    {
      provider: fc.constantFrom('openai', 'openai', 'openai', 'anthropic'),
      api: fc.constant('openai-chat'),
      servedModel: model,
      segments: fc.array(segment, { maxLength: 3 }),
      units: fc.record({ webSearch: count }, optional),
      modifiers: fc.oneof(
        fc.constantFrom({}, { tierServed: 'priority', speed: 'fast', geo: 'us' }, { batch: true, tierServed: 'flex' }),
        fc.record({ tierServed: word, batch: fc.boolean(), speed: word, geo: word, traffic: word }, optional),
      ),
      completeness: fc.constantFrom('final', 'final', 'final', 'partial', 'estimated', 'missing'),
      anomalies: fc.constant([]),
    },
    { requiredKeys: ['provider', 'api', 'segments', 'completeness', 'anomalies'] },
  ),
});
