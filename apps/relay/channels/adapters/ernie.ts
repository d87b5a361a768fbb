import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** Baidu AI Cloud Qianfan, version 2. https://cloud.baidu.com/doc/qianfan/s/Hmh4suq26 */
export const ernie: ChannelAdapter = {
  name: 'ernie',
  provider: 'baidu',
  baseUrl: 'https://qianfan.baidubce.com',
  apis: openaiApisAt('/v2', ['openai-chat', 'embeddings', 'images']),
};
