import { z } from 'zod';
import { identifier, name } from '#contracts/cloud-event.js';
import { apis } from '#protocols/api.js';

/** An upstream account or gateway: where requests for its models go, and under which name they are priced. */
export const channelSchema = z.strictObject({
  id: identifier,
  provider: name(64),
  protocol: z.enum(apis),
  /** With or without `/v1`. */
  baseUrl: z.url({ protocol: /^https?$/, error: 'an http or https URL, with or without /v1' }),
  models: z.array(name(256)).min(1),
  /** The environment variable that holds the provider's key. Without one, requests go without a credential. */
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable')
    .exactOptional(),
});

export const channelsFileSchema = z.strictObject({ channels: z.array(channelSchema).min(1) });

export interface Channel extends z.infer<typeof channelSchema> {
  readonly origin: string;
  /** Before `/chat/completions` or `/messages`. */
  readonly basePath: string;
  readonly apiKey?: string;
}

const VERSION_SEGMENT = /\/v\d+[a-z0-9]*(\/|$)/;

/** A base URL that names a version anywhere (`/v1`, `/api/v3`, `/v1beta/openai`) is complete; any other gets `/v1`. */
export function splitBaseUrl(baseUrl: string): Pick<Channel, 'origin' | 'basePath'> {
  const { origin, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '');
  return { origin, basePath: VERSION_SEGMENT.test(path) ? path : `${path}/v1` };
}
