import { z } from 'zod';
import { identifier, name } from '#contracts/cloud-event.js';
import { usageApis } from '#usage/usage-api.js';

const milliseconds = z.int().min(1).max(3_600_000);

/** What the channels of usage that others report begin with on the log: none of a relay's does, so nobody reports for those. */
export const REPORTED_CHANNEL = 'reported_';

/** An upstream account or gateway, as a channels file and control's API both describe it. */
export const channelFields = {
  id: identifier.refine(
    (id) => !id.startsWith(REPORTED_CHANNEL),
    `\`${REPORTED_CHANNEL}\` is how the channels of reports begin`,
  ),
  /** A preset's name, or the module of an adapter from outside. */
  adapter: name(256),
  /** By whose prices and rules its usage counts. Default: the adapter's. */
  provider: name(64).exactOptional(),
  baseUrl: z.url({ protocol: /^https?$/, error: 'an http or https URL, with or without /v1' }).exactOptional(),
  /** The models by the clients' names; as an object, each with the upstream's own name. */
  models: z.union([z.array(name(256)).min(1), z.record(name(256), name(256))], {
    error: 'a list of names, or an object of the client’s names with the upstream’s',
  }),
  /** Only these of the APIs that the adapter serves. */
  apis: z.array(z.enum(usageApis)).min(1).exactOptional(),
  /** Whose own account it is: only its keys use the channel, and they may name what is stored there. Absent: everybody's. */
  organisation: identifier.exactOptional(),
  /** Where the data is processed, in the words of the policies that ask for it. */
  region: name(64).exactOptional(),
  /** Channels of the highest priority are tried first. */
  priority: z.int().min(-1000).max(1000).exactOptional(),
  /** How large its share is among channels of the same priority. */
  weight: z.number().positive().max(1_000_000).exactOptional(),
  timeouts: z
    .strictObject({
      firstByteMs: milliseconds.exactOptional(),
      /** Between two pieces of an answer. */
      idleMs: milliseconds.exactOptional(),
      totalMs: milliseconds.exactOptional(),
    })
    .exactOptional(),
  /** How the relay finds out, apart from requests, whether somebody is there. Absent: it does not. */
  healthCheck: z
    .strictObject({
      everyMs: z.int().min(1_000).max(60_000),
      /** Below the base URL, whose version it names itself. Default: where the adapter's list of models is. */
      path: z
        .string()
        .max(256)
        // Not upwards: the credential is for what is at the base URL, and nobody beside it.
        .regex(/^(\/[\w~-][\w.~-]*)+(\?[\w=&.~-]*)?$/, 'a path such as /v1/models')
        .exactOptional(),
    })
    .exactOptional(),
  /**
   * What becomes of an answer whose client has left. `drain` (default): it is read on to its usage, because the upstream
   * bills it. `cancel`: the upstream is stopped, and what it had produced by then is estimated.
   */
  whenClientLeaves: z.enum(['drain', 'cancel']).exactOptional(),
  /** What this adapter needs besides. No secrets. */
  settings: z.record(name(64), name(256)).exactOptional(),
};

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** A secret at rest: AES-256-GCM, bound to the channel that it belongs to. See libs/config/seal-secret.ts. */
const sealedSecret = z.strictObject({
  /** What it is bound to, and how. Absent in the first version, which was bound to the channel's id alone. */
  version: z.int().exactOptional(),
  /** Which key sealed it: keys are replaced, and sealed secrets outlive them. */
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  iv: base64,
  tag: base64,
  ciphertext: base64,
});
export type SealedSecret = z.infer<typeof sealedSecret>;

/** A channel that control keeps: bucket `channels`, key `channel.<id>`. Its secret is sealed for it as it is here. */
export const publishedChannel = z.strictObject({ ...channelFields, secret: sealedSecret.exactOptional() });
export type PublishedChannel = z.infer<typeof publishedChannel>;

export const channelEntryName = (id: string) => `channel.${id}`;
