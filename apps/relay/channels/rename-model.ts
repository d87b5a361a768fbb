import { asObject, parseJson } from '#usage/json.js';
import { withMember } from '../forward/json-member.js';
import { withField } from '../receive/form-fields.js';
import type { ChannelCall } from './adapter.js';

/** Google's bodies name a model as a resource, where they name it at all. */
const RESOURCE = 'models/';

/** The body with the upstream's name of the model. Every other byte stays as it came. */
export function renameModel({ api, body, model, headers }: ChannelCall, upstreamModel: string): Buffer {
  if (model === upstreamModel || body.length === 0) return body;
  const type = headers['content-type'] ?? '';
  if (/^multipart\/form-data/i.test(type)) return withField(body, type, { name: 'model', value: upstreamModel });
  if (api !== 'gemini') return renameMember(body, upstreamModel);
  return asObject(parseJson(body))?.['model'] === undefined ? body : renameMember(body, `${RESOURCE}${upstreamModel}`);
}

function renameMember(body: Buffer, model: string): Buffer {
  return withMember(body, 'model', () => Buffer.from(JSON.stringify(model)));
}
