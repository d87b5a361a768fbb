import { createHash } from 'node:crypto';
import { dataHash } from '#contracts/cloud-event.js';
import type { ChargeData, ChargeEvent, Rating } from '#contracts/charge.js';
import type { Delivered } from '#jetstream/handlers.js';
import { formatAmount, type Pico } from '#money/pico.js';

export interface ChargeSketch {
  readonly org?: string;
  readonly id: string;
  /** Charged with this many pico; absent: suspended, because its price is missing. */
  readonly amount?: Pico;
  readonly cost?: Pico;
  readonly currency?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly effectiveAt?: string;
  readonly team?: string;
  readonly project?: string;
  readonly key?: string;
  readonly leaseId?: string;
  /** The place on USAGE; on CHARGES it is the same here. */
  readonly sequence?: number;
  readonly quantity?: number;
  /** What else the usage said: another text is another usage under the same id. */
  readonly content?: string;
}

export const exampleTime = '2026-07-24T10:15:00.000Z';

/** A delivery of a charge event as pricing publishes it, in the parts that a ledger test is about. */
export function deliveredCharge(sketch: ChargeSketch): Delivered<ChargeEvent> {
  const { org = 'acme', id, provider = 'openai', effectiveAt = exampleTime, sequence = 1, quantity = 10 } = sketch;
  const model = sketch.model ?? 'gpt-5-mini';
  const data: ChargeData = {
    usageHash: createHash('sha256')
      .update(`${id} ${sketch.content ?? ''}`)
      .digest('hex'),
    position: { sequence, index: 0 },
    effectiveAt,
    requestId: 'request-1',
    teamId: sketch.team ?? 'research',
    projectId: sketch.project ?? 'search',
    keyId: sketch.key ?? 'key-1',
    channelId: 'openai-main',
    ...(sketch.leaseId === undefined ? {} : { leaseId: sketch.leaseId }),
    provider,
    model,
    priceVersion: '2026-07-24-0123abcd',
    quantity: String(quantity),
    rating: ratingOf(sketch, model, quantity),
  };
  const event: ChargeEvent = {
    specversion: '1.0',
    id,
    source: 'pricing',
    type: 'tollgate.charge.v1',
    time: effectiveAt,
    datacontenttype: 'application/json',
    org,
    datahash: dataHash(data),
    data,
  };
  return { event, position: { sequence, index: 0 } };
}

function ratingOf({ amount, cost = amount, currency = 'USD' }: ChargeSketch, model: string, quantity: number): Rating {
  if (amount === undefined || cost === undefined) {
    return { status: 'suspended', reason: { code: 'price_missing', detail: `${model} has no price.` } };
  }
  const text = formatAmount(amount);
  const line = { model, dimension: 'in.fresh.text', quantity, unitPrice: '0', amount: text };
  return { status: 'charged', currency, amount: text, cost: formatAmount(cost), lines: [line] };
}
