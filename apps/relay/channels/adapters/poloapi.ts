import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://apidoc.poloapi.com. Its address is the one that the console of an account shows. */
export const poloApi: ChannelAdapter = {
  name: 'poloapi',
  apis: openaiApisAt('/v1'),
};
