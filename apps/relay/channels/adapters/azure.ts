import type { ChannelAdapter, UpstreamCall, ChannelSettings } from '../adapter.js';

/** The upstream's name of a model is that of its deployment. */
const deployment = ({ model, path }: UpstreamCall, { apiVersion }: ChannelSettings) =>
  `/openai/deployments/${encodeURIComponent(model)}${path}?api-version=${apiVersion}`;

/** https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference */
export const azure: ChannelAdapter = {
  name: 'azure',
  apis: {
    'openai-chat': deployment,
    'openai-responses': '/openai/v1',
    'openai-completions': deployment,
    embeddings: deployment,
    images: deployment,
    audio: deployment,
  },
  settings: {
    apiVersion: {
      description: 'the api-version of the calls to deployments, such as 2024-10-21',
      default: '2024-10-21',
    },
  },
  credentialHeader: 'api-key',
  batches: true,
};
