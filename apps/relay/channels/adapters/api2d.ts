import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://api2d-doc.apifox.cn. Its address is the one that the console of an account shows. */
export const api2d: ChannelAdapter = {
  name: 'api2d',
  apis: openaiApisAt('/v1'),
};
