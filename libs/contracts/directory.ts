import { z } from 'zod';
import { identifier, instant, name } from '#contracts/cloud-event.js';

/** The levels that may have a policy, the nearest to a request first. */
export const policyLevels = ['key', 'project', 'team', 'organisation'] as const;
export type PolicyLevel = (typeof policyLevels)[number];

/** Named maxima of a policy: an entry of the directory is one message, and a check of a request short. */
const maxListed = 256;
const maxNameCharacters = 256;

const pattern = name(maxNameCharacters).refine(
  (text) => !text.slice(0, -1).includes('*'),
  'a "*" may stand at the end only',
);
const patterns = z.array(pattern).max(maxListed);
/** Of what the relay does not know: no escape and nothing upwards, so that it says the same here and at the upstream. */
const passthroughPath = z
  .string()
  .max(maxNameCharacters)
  .regex(/^(GET|POST|PUT|PATCH|DELETE) \/[\w.~:@+,=/-]*\*?$/, 'a method and a path, such as "GET /v1/vector_stores/*"');
const rate = z.number().int().min(1).max(1_000_000_000);
export const ipRange = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], {
  error: 'an address or range, such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32',
});

/**
 * What one level asks of a request. A request must be permitted by all of its levels; what is left out forbids nothing.
 * An unknown member makes a policy unreadable: it may be a rule.
 */
export const policy = z.strictObject({
  models: z
    .strictObject({ allow: patterns.exactOptional(), deny: patterns.exactOptional() })
    .exactOptional()
    .describe(
      'Names, or beginnings of names that end in `*`, of the models that may and may not be called. Deny beats allow. They are about the model that an alias stands for.',
    ),
  aliases: z
    .record(name(maxNameCharacters), name(maxNameCharacters))
    .refine((aliases) => Object.keys(aliases).length <= maxListed, `at most ${maxListed}`)
    .exactOptional()
    .describe('Name → the model that is called instead. The alias of the nearest level counts, and is looked up once.'),
  endpoints: patterns
    .exactOptional()
    .describe('The operations that may be called, such as `chat.completions` or `images.*`.'),
  passthrough: z
    .strictObject({ channel: identifier, paths: z.array(passthroughPath).max(maxListed) })
    .exactOptional()
    .describe(
      'What no operation serves and is forwarded unread: methods and paths, such as `POST /v1/fine_tuning/jobs`, or their beginnings that end in `*`, to one channel, which has to be the own one of the organisation. Without it nothing is; every level that has it must permit a call.',
    ),
  ipRanges: z
    .array(ipRange)
    .max(maxListed)
    .exactOptional()
    .describe('The addresses, as IPv4 or IPv6 ranges, from which it may be called.'),
  regions: z
    .array(name(64))
    .max(maxListed)
    .exactOptional()
    .describe('Where the data must stay: only channels of these regions are used, and none without a region.'),
  maxOutputTokens: z
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .exactOptional()
    .describe('The most that a request may ask to be generated, over all its choices. It has to say how much it asks.'),
  requiredMetadata: z
    .array(name(64))
    .max(16)
    .exactOptional()
    .describe('What a request must say of itself, in the header `x-tollgate-metadata` or in its `metadata`.'),
  limits: z
    .strictObject({
      requestsPerMinute: rate.exactOptional(),
      tokensPerMinute: rate.exactOptional(),
      concurrency: rate.exactOptional(),
    })
    .exactOptional()
    .describe('Of everything that this level calls together.'),
});
export type Policy = z.infer<typeof policy>;

/** Who a virtual key belongs to: bucket `directory`, entry `key.<hash>`. The key itself is stored nowhere. */
export const directoryKey = z.object({
  keyId: identifier,
  orgId: identifier,
  teamId: identifier,
  projectId: identifier,
  status: z.enum(['active', 'revoked']),
  /** Of this secret: after a rotation, the old one's ends before the key does. */
  expiresAt: instant.exactOptional(),
  policy: policy.exactOptional(),
});
export type DirectoryKey = z.infer<typeof directoryKey>;

/** @param hash HMAC-SHA-256 of the whole key under the deployment's pepper, in hex (see libs/config/key-hash.ts). */
export const directoryEntryName = (hash: string) => `key.${hash}`;

type Place = Pick<DirectoryKey, 'orgId' | 'teamId' | 'projectId'>;

/** The entries of the policies above a key's own. Without an entry a level forbids nothing. */
export const policyEntryNames = {
  organisation: ({ orgId }: Pick<Place, 'orgId'>) => `policy.org.${orgId}`,
  team: ({ orgId, teamId }: Pick<Place, 'orgId' | 'teamId'>) => `policy.team.${orgId}.${teamId}`,
  project: ({ orgId, projectId }: Pick<Place, 'orgId' | 'projectId'>) => `policy.project.${orgId}.${projectId}`,
} as const;
