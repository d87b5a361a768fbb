import type { Citation } from '../chat/chat-request.js';
import type { ByteCitation } from './read-citations.js';

export const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8');

/** A citation, and the text that it is for. */
export interface PlacedCitation {
  /** The index of the text. */
  readonly text: number;
  readonly citation: Citation;
}

/**
 * From bytes of all the text to characters of one text, counted as JavaScript does. A stretch that goes on in the next
 * text is cut; what stands beyond the text is for the last one as a whole. undefined when there is no text.
 */
export function placeCitation(texts: readonly string[], { source, range }: ByteCitation): PlacedCitation | undefined {
  if (texts.length === 0) return undefined;
  if (range === undefined) return { text: texts.length - 1, citation: source };
  let before = 0;
  for (const [text, content] of texts.entries()) {
    const bytes = Buffer.from(content, 'utf8');
    if (range.start < before + bytes.length) {
      const start = charactersOf(bytes, range.start - before);
      const end = charactersOf(bytes, range.end - before);
      return { text, citation: { ...source, start, end } };
    }
    before += bytes.length;
  }
  return { text: texts.length - 1, citation: source };
}

function charactersOf(bytes: Buffer, end: number): number {
  return bytes.subarray(0, Math.max(0, end)).toString('utf8').length;
}
