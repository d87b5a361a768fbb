import { z } from 'zod';
import { channelFields, type PublishedChannel } from '#contracts/channel.js';
import { identifier, instant } from '#contracts/cloud-event.js';
import type { Channel } from './channel.entity.js';

const { id, ...common } = channelFields;
const fields = {
  ...common,
  // No module's path: who may call this API may not have a relay load code.
  adapter: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'the name of an adapter, such as openai'),
  baseUrl: channelFields.baseUrl
    .unwrap()
    .refine((text) => {
      // Refused already, and looked at all the same.
      if (!URL.canParse(text)) return true;
      const { username, password, search, hash } = new URL(text);
      return username + password + search + hash === '';
    }, 'holds more than an address, such as a password or a query: send a key as `secret`')
    .exactOptional(),
};

/** An API key, or all of a service account's file. */
const secret = z.string().min(1).max(16_384).meta({ writeOnly: true });

export const newChannel = z
  .strictObject({
    id: id.exactOptional(),
    ...fields,
    secret: secret.exactOptional().describe("The provider's key. It is sealed at once and never shown again."),
  })
  .meta({ id: 'NewChannel' });
export type NewChannel = z.infer<typeof newChannel>;

export const newRevision = z
  .strictObject({
    ...fields,
    secret: secret.nullable().exactOptional().describe('Left out, the one that is set stays; null takes it away.'),
  })
  .meta({ id: 'ChannelRevision' });
export type NewRevision = z.infer<typeof newRevision>;

export const shownChannel = z
  .object({
    id: identifier,
    ...common,
    secretSetAt: instant.exactOptional().describe('Absent: it has no secret.'),
    createdAt: instant,
    updatedAt: instant,
    removedAt: instant.exactOptional(),
  })
  .meta({ id: 'Channel' });

export const channelPath = z.object({ channel: identifier });

export function showChannel({ id, fields, ...row }: Channel): z.infer<typeof shownChannel> {
  const { secretSetAt, createdAt, updatedAt, removedAt } = row;
  return {
    id,
    ...fields,
    ...(secretSetAt === null ? {} : { secretSetAt: secretSetAt.toISOString() }),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    ...(removedAt === null ? {} : { removedAt: removedAt.toISOString() }),
  };
}

/** What the relays should know of a channel. Always written through here, so that equal channels are equal text. */
export function publishChannel({ id, fields, secret }: Channel): PublishedChannel {
  return { id, ...fields, ...(secret === null ? {} : { secret }) };
}
