import { describe, expect, it } from '@jest/globals';
import { exampleChargeEvent, exampleUsageEvent } from './event.fixture.js';
import { eventSchemas } from './stream-events.js';

const usage = exampleUsageEvent('acme', 'event-1');
const suspended = exampleChargeEvent(usage, { sequence: 1, index: 0 });
const line = { model: 'm', dimension: 'out.text', quantity: 1, unitPrice: '1', amount: '1' };
const rating = { status: 'charged' as const, currency: 'USD', amount: '1', cost: '1', lines: [line] };
const charged = { ...suspended, data: { ...suspended.data, rating } };

const inUsage = (part: object) => ({ ...usage, data: { ...usage.data, usage: { ...usage.data.usage, ...part } } });
const inCharge = (part: object) => ({ ...charged, data: { ...charged.data, ...part } });

const usageWith: Record<string, (text: string) => object> = {
  id: (id) => ({ ...usage, id }),
  source: (source) => ({ ...usage, source }),
  priceVersion: (priceVersion) => ({ ...usage, data: { ...usage.data, priceVersion } }),
  provider: (provider) => inUsage({ provider }),
  api: (api) => inUsage({ api }),
  requestedModel: (requestedModel) => inUsage({ requestedModel }),
  servedModel: (servedModel) => inUsage({ servedModel }),
  'segment model': (model) => inUsage({ segments: [{ kind: 'main', model, in: {}, out: { text: 1 } }] }),
  tierServed: (tierServed) => inUsage({ modifiers: { tierServed } }),
  geo: (geo) => inUsage({ modifiers: { geo } }),
  speed: (speed) => inUsage({ modifiers: { speed } }),
  traffic: (traffic) => inUsage({ modifiers: { traffic } }),
  searchContextSize: (searchContextSize) => inUsage({ modifiers: { searchContextSize } }),
  'anomaly code': (code) => inUsage({ anomalies: [{ code, detail: '' }] }),
  'anomaly detail': (detail) => inUsage({ anomalies: [{ code: 'odd', detail }] }),
};
const chargeWith: Record<string, (text: string) => object> = {
  id: (id) => ({ ...charged, id }),
  source: (source) => ({ ...charged, source }),
  provider: (provider) => inCharge({ provider }),
  model: (model) => inCharge({ model }),
  priceVersion: (priceVersion) => inCharge({ priceVersion }),
  'line model': (model) => inCharge({ rating: { ...rating, lines: [{ ...line, model }] } }),
  'line dimension': (dimension) => inCharge({ rating: { ...rating, lines: [{ ...line, dimension }] } }),
  'reason detail': (detail) => inCharge({ rating: { status: 'suspended', reason: { code: 'price_missing', detail } } }),
};

describe.each([
  ['a usage event', eventSchemas.usage, usageWith],
  ['a charge', eventSchemas.charges, chargeWith],
] as const)('%s', (_, schema, places) => {
  it.each(Object.entries(places))('is invalid for everyone when one store would refuse its %s', (_place, put) => {
    expect(schema.safeParse(put('größe-模型-🦜')).error).toBeUndefined();
    for (const hostile of ['gpt\ud800x', '\udc00', 'gpt\u0000x', 'a\nb', '\u009f']) {
      expect(schema.safeParse(put(hostile)).success).toBe(false);
    }
  });
});
