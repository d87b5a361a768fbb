import { withMember, withoutMember } from '../../forward/json-member.js';
import type { ChannelAdapter, ChannelSettings, PreparedRequest, UpstreamCall } from '../adapter.js';
import { ServiceAccountToken } from './service-account-token.js';

const publisher = (name: string, { project, location }: ChannelSettings) =>
  `/v1/projects/${project}/locations/${location}/publishers/${name}`;

/** Anthropic's model stands in the path, and its version in the body. */
const ANTHROPIC_VERSION = Buffer.from('"vertex-2023-10-16"');
const COUNT_TOKENS = '/messages/count_tokens';

function anthropicPath({ model, path, stream }: UpstreamCall, settings: ChannelSettings): string {
  const models = `${publisher('anthropic', settings)}/models`;
  if (path === COUNT_TOKENS) return `${models}/count-tokens:rawPredict`;
  return `${models}/${model}:${stream ? 'streamRawPredict' : 'rawPredict'}`;
}

function prepare(request: PreparedRequest, { api, path }: UpstreamCall): PreparedRequest {
  if (api !== 'anthropic-messages') return request;
  const body = path === COUNT_TOKENS ? request.body : withoutMember(request.body, 'model');
  return { ...request, body: withMember(body, 'anthropic_version', (given) => given ?? ANTHROPIC_VERSION) };
}

/**
 * Google Vertex AI. The secret is the JSON of a service account's key.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
 * https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
 */
export const vertex: ChannelAdapter = {
  name: 'vertex',
  provider: 'google',
  baseUrl: ({ location }) =>
    location === 'global' ? 'https://aiplatform.googleapis.com' : `https://${location}-aiplatform.googleapis.com`,
  apis: {
    gemini: ({ path }, settings) => `${publisher('google', settings)}${path}`,
    'anthropic-messages': anthropicPath,
  },
  settings: {
    project: { description: 'the id of the Google Cloud project' },
    location: { description: 'the location of the models, such as europe-west4 or global', default: 'global' },
  },
  credentialHeader: 'authorization',
  prepare,
  openCredential: (secret, _settings, complain) => new ServiceAccountToken(secret, complain),
};
