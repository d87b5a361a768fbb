import { withEachElement, withMember } from '../forward/json-member.js';
import { asObject, type JsonObject, parseObject } from '#usage/json.js';
import { withField, withFirstField } from '../receive/form-fields.js';
import { REQUEST_TO_COUNT } from '../receive/read-call.js';
import type { ChannelCall } from './adapter.js';

/** Google's bodies name a model as a resource, where they name it at all. */
const RESOURCE = 'models/';

/** The body with the upstream's name of the model, also where its path alone named it. Every other byte stays as it came. */
export function renameModel(call: ChannelCall, upstreamModel: string): Buffer {
  const { api, body, model, unnamed, headers } = call;
  // Google's models are in the path.
  const isMissing = unnamed === true && api !== 'gemini';
  if ((model === upstreamModel && !isMissing) || body.length === 0) return body;
  const type = headers['content-type'] ?? '';
  if (/^multipart\/form-data/i.test(type)) {
    const field = { name: 'model', value: upstreamModel };
    return isMissing ? withFirstField(body, type, field) : withField(body, type, field);
  }
  if (api !== 'gemini') return named(body, upstreamModel);
  return renameResources(body, parseObject(body) ?? {}, `${RESOURCE}${upstreamModel}`);
}

function renameResources(body: Buffer, json: JsonObject, resource: string): Buffer {
  const rename = (request: Buffer | undefined) => renameResource(request ?? Buffer.from('{}'), resource);
  let renamed = renameResource(body, resource);
  if (Array.isArray(json['requests'])) {
    renamed = withMember(renamed, 'requests', (requests) => withEachElement(requests ?? Buffer.from('[]'), rename));
  }
  for (const member of REQUEST_TO_COUNT) {
    if (asObject(json[member]) !== undefined) renamed = withMember(renamed, member, rename);
  }
  return renamed;
}

function renameResource(request: Buffer, resource: string): Buffer {
  return parseObject(request)?.['model'] === undefined ? request : named(request, resource);
}

function named(body: Buffer, model: string): Buffer {
  return withMember(body, 'model', () => Buffer.from(JSON.stringify(model)));
}
