import { z } from 'zod';
import { chargeEvent } from '#contracts/charge.js';
import { logPosition, name, sha256Hex } from '#contracts/cloud-event.js';
import { streams } from '#contracts/streams.js';
import { usageEvent } from '#contracts/usage-event.js';

export const eventSchemas = { usage: usageEvent, charges: chargeEvent } as const;

const id = name(128);

/**
 * Reads what names an accepted event for ever, from as much of it as is readable. A charge stands for its usage event:
 * parked under its own hash and place, that event would not be found among the accepted ones.
 */
export const acceptedAs = {
  usage: z.object({ id, datahash: sha256Hex }).transform((event) => ({ eventId: event.id, dataHash: event.datahash })),
  charges: z
    .object({ id, data: z.object({ usageHash: sha256Hex, position: logPosition }) })
    .transform(({ id: eventId, data }) => ({
      eventId,
      dataHash: data.usageHash,
      stream: streams.usage.name,
      position: data.position,
    })),
} as const;
