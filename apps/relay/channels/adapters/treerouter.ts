import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** A gateway in front of many providers. Its address is the one that the console of an account shows. */
export const treeRouter: ChannelAdapter = {
  name: 'treerouter',
  apis: openaiApisAt('/v1'),
};
