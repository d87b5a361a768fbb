import type { JsonObject } from '#usage/json.js';
import type { Citation, TextPart } from '../chat/chat-request.js';
import { bytesOf } from './text-offsets.js';

/** undefined when nothing is cited. @param texts all text of one answer, in order */
export function writeCitations(texts: readonly Pick<TextPart, 'text' | 'citations'>[]): JsonObject | undefined {
  const chunks: JsonObject[] = [];
  const indices = new Map<string, number>();
  const supports: JsonObject[] = [];
  let before = 0;
  for (const { text, citations = [] } of texts) {
    for (const citation of citations) {
      const { url, title, end } = citation;
      const web = { web: { uri: url, ...(title !== undefined && { title }) } };
      // A source that no stretch of the text names is for all of it, so it is no stretch's source as well.
      if (end === undefined) {
        chunks.push(web);
        continue;
      }
      const key = JSON.stringify(web);
      const index = indices.get(key) ?? chunks.push(web) - 1;
      indices.set(key, index);
      supports.push({ segment: segmentOf(text, before, { ...citation, end }), groundingChunkIndices: [index] });
    }
    before += bytesOf(text);
  }
  if (chunks.length === 0) return undefined;
  return { groundingChunks: chunks, ...(supports.length > 0 && { groundingSupports: supports }) };
}

/** Google counts bytes, and the others characters. */
function segmentOf(text: string, before: number, { start = 0, end }: Citation & { readonly end: number }): JsonObject {
  const cited = text.slice(start, end);
  const startIndex = before + bytesOf(text.slice(0, start));
  return { startIndex, endIndex: startIndex + bytesOf(cited), text: cited };
}
