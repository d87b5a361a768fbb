import { asObject, parseObject, type JsonObject } from '#usage/json.js';
import type { ReasoningPart } from '../chat/chat-request.js';

/** What a part brings along that goes back to its provider and is never looked into. */
export type Carried = Partial<Pick<ReasoningPart, 'signature' | 'redacted' | 'id' | 'isSummary'>>;

const MARK = 'tollgate:';

/**
 * A client of Gemini's gives a signature back as it got it, so what belongs to another provider's thought travels in
 * there. SDKs in typed languages hold a signature as bytes: only base64 comes through them, and it may come back in the
 * other alphabet of base64. So a signature that is base64 stays as it is, and all else is packed.
 */
export function packSignature(carried: Carried): JsonObject {
  const { signature, ...more } = carried;
  if (Object.keys(carried).length === 0) return {};
  const isAlone = signature !== undefined && Object.keys(more).length === 0;
  if (isAlone && signature === standard(signature)) return { thoughtSignature: signature };
  return { thoughtSignature: Buffer.from(MARK + JSON.stringify(carried)).toString('base64') };
}

/** Anything that was not packed here is a signature. An empty one is none. */
export function unpackSignature(packed: string | undefined): Carried {
  if (packed === undefined || packed === '' || packed === UNSIGNED) return {};
  const bytes = Buffer.from(packed, 'base64');
  if (!bytes.subarray(0, MARK.length).equals(Buffer.from(MARK))) return { signature: standard(packed) ?? packed };
  const { signature, redacted, id, isSummary } = asObject(parseObject(bytes.subarray(MARK.length))) ?? {};
  return {
    ...(typeof signature === 'string' && { signature }),
    ...(typeof redacted === 'string' && { redacted }),
    ...(typeof id === 'string' && { id }),
    ...(typeof isSummary === 'boolean' && { isSummary }),
  };
}

/** The same bytes in the usual alphabet, and filled up to whole groups; undefined when it is no base64. */
function standard(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64').toString('base64');
  const plain = (one: string) => one.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  return plain(bytes) === plain(text) ? bytes : undefined;
}

/**
 * Gemini 3 refuses a turn whose first call is not signed, unless this word says that nobody has its signature: the
 * client dropped it, or another model made the call.
 * https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
 */
export const UNSIGNED = 'skip_thought_signature_validator';
