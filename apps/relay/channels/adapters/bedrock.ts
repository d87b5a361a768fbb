import { z } from 'zod';
import { parseJson } from '#usage/json.js';
import type { ChannelAdapter } from '../adapter.js';
import { type AwsAccessKey, signAws } from './sign-aws.js';

const accessKey = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().exactOptional(),
});

/** @returns undefined for a Bedrock API key, which is no JSON. */
function readAccessKey(secret: string): AwsAccessKey | undefined {
  if (!secret.startsWith('{')) return undefined;
  const parsed = accessKey.safeParse(parseJson(Buffer.from(secret)));
  if (parsed.success) return parsed.data;
  throw new Error('its access key is no JSON object with accessKeyId and secretAccessKey.');
}

/**
 * Amazon Bedrock in one region. The secret is a Bedrock API key, or an access key as JSON:
 * `{"accessKeyId": …, "secretAccessKey": …, "sessionToken": …}`. Which APIs a model has is said at the model: a channel
 * names them under `apis`. https://docs.aws.amazon.com/bedrock/latest/userguide/apis.html
 */
export const bedrock: ChannelAdapter = {
  name: 'bedrock',
  baseUrl: ({ awsRegion }) => `https://bedrock-runtime.${awsRegion}.amazonaws.com`,
  apis: {
    'anthropic-messages': '/anthropic/v1',
    'openai-chat': '/openai/v1',
    'openai-responses': '/openai/v1',
    'bedrock-converse': '',
  },
  settings: { awsRegion: { description: 'the AWS region, such as eu-central-1' } },
  openCredential: (secret) => {
    readAccessKey(secret);
    return { current: () => secret, close: () => {} };
  },
  sign: (request, { secret, settings, now }) => {
    const key = readAccessKey(secret);
    if (key === undefined) return { authorization: `Bearer ${secret}` };
    return signAws(request, { accessKey: key, region: settings['awsRegion']!, service: 'bedrock', now });
  },
};
