import type { LogPosition } from '#contracts/cloud-event.js';
import { chargeEvent } from '#contracts/charge.js';
import { streams } from '#contracts/streams.js';
import { usageEvent } from '#contracts/usage-event.js';
import type { AnyEvent, Delivered } from './handlers.js';

export const eventSchemas = { usage: usageEvent, charges: chargeEvent } as const;

/** What names an accepted event for ever: where it was accepted, and the hash of what was accepted. */
export interface Origin {
  readonly stream: string;
  readonly position: LogPosition;
  readonly dataHash: string;
}

/** A charge stands for its usage event: parked under the charge's own hash, it would not be found among the accepted. */
export function originOf({ event, position }: Delivered<AnyEvent>): Origin {
  if (event.type === 'tollgate.charge.v1') {
    return { stream: streams.usage.name, position: event.data.position, dataHash: event.data.usageHash };
  }
  return { stream: streams.usage.name, position, dataHash: event.datahash };
}
