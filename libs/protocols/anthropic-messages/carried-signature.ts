import { asObject, parseObject, present } from '#usage/json.js';

/**
 * A client gives a thinking block back as it got it, and never looks into its signature. So what belongs to a thought of
 * another provider, and has no place of its own here, travels in there.
 */
export interface Carried {
  readonly signature?: string;
  /** OpenAI takes an encrypted thought back under its own id only. */
  readonly id?: string;
  readonly isSummary?: boolean;
  /** The signature is that of the tool call behind an empty thought: Gemini takes a call back with its signature only. */
  readonly ofCall?: boolean;
}

const MARK = 'tollgate:';

/** A signature that stands alone stays as it is. */
export function packSignature(carried: Carried): string {
  const { signature = '', ...more } = present({ ...carried }) ?? {};
  if (Object.keys(more).length === 0) return signature;
  return MARK + Buffer.from(JSON.stringify({ signature, ...more })).toString('base64');
}

/** Anything that was not packed here is a signature. An empty one is none. */
export function unpackSignature(packed: string | undefined): Carried {
  if (packed === undefined || packed === '') return {};
  const parcel = packed.startsWith(MARK) ? parseObject(Buffer.from(packed.slice(MARK.length), 'base64')) : undefined;
  const { signature, id, isSummary, ofCall } = asObject(parcel) ?? { signature: packed };
  return {
    ...(typeof signature === 'string' && signature !== '' && { signature }),
    ...(typeof id === 'string' && { id }),
    ...(typeof isSummary === 'boolean' && { isSummary }),
    ...(ofCall === true && { ofCall }),
  };
}
