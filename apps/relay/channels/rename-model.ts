import { asObject, parseJson } from '#usage/json.js';
import { withMember } from '../forward/json-member.js';
import type { ChannelCall } from './adapter.js';

/** Google's bodies name a model as a resource, where they name it at all. */
const RESOURCE = 'models/';

/** The body with the upstream's name of the model. Every other byte stays as it came. */
export function renameModel({ api, body, model, headers }: ChannelCall, upstreamModel: string): Buffer {
  if (model === upstreamModel || body.length === 0) return body;
  const type = headers['content-type'] ?? '';
  if (/^multipart\/form-data/i.test(type)) return renameInForm(body, type, upstreamModel);
  if (api !== 'gemini') return renameMember(body, upstreamModel);
  return asObject(parseJson(body))?.['model'] === undefined ? body : renameMember(body, `${RESOURCE}${upstreamModel}`);
}

function renameMember(body: Buffer, model: string): Buffer {
  return withMember(body, 'model', () => Buffer.from(JSON.stringify(model)));
}

/** RFC 7578: a part is its headers, an empty line and its value, up to the next boundary. */
function renameInForm(body: Buffer, type: string, model: string): Buffer {
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary === undefined) return body;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  let headersStart = body.indexOf(`--${boundary}\r\n`);
  while (headersStart !== -1) {
    const valueStart = body.indexOf('\r\n\r\n', headersStart) + 4;
    const valueEnd = body.indexOf(delimiter, valueStart - 2);
    if (valueStart < 4 || valueEnd === -1) return body;
    const partHeaders = body.toString('latin1', headersStart, valueStart);
    if (/^content-disposition:.*;\s*name="?model"?\s*(;|\r)/im.test(partHeaders)) {
      return Buffer.concat([body.subarray(0, valueStart), Buffer.from(model), body.subarray(valueEnd)]);
    }
    headersStart = valueEnd + 2;
  }
  return body;
}
