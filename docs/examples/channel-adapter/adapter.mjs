/**
 * A channel adapter from outside: an imaginary gateway that speaks OpenAI's API under a path of its own, wants its key
 * in a header of its own, and has each call say which workspace it belongs to.
 *
 * The type is only for editors: an adapter is a plain object and imports nothing of Tollgate's.
 * @type {import('../../../apps/relay/channels/adapter.js').ChannelAdapter}
 */
export default {
  name: 'example-gateway',
  // By whose prices its usage counts. Left out, it is the adapter's name.
  provider: 'openai',
  // Left out, every channel has to state a baseUrl.
  baseUrl: 'https://gateway.example',
  apis: {
    // What stands before the API's own path: /models/v1/chat/completions.
    'openai-chat': '/models/v1',
    // Or the whole path, of the upstream's name of the model.
    embeddings: ({ model }) => `/vectors/${encodeURIComponent(model)}`,
  },
  settings: {
    workspace: { description: 'the workspace that pays, as its console shows it' },
  },
  credentialHeader: 'x-gateway-key',
  // The last word on a request, before its credential. The body is bytes: change no more of it than must be.
  prepare: (request, _call, { workspace }) => ({
    ...request,
    headers: { ...request.headers, 'x-gateway-workspace': workspace },
  }),
};
