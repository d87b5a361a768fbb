import { asObject } from '#usage/json.js';
import type { Citation } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { listOf } from './list-of.js';
import { tell, tellRest } from './tell.js';

/** A source for a stretch of the answer, whose offsets are bytes of all its text in UTF-8, one part after another. */
export interface ByteCitation {
  readonly source: Pick<Citation, 'url' | 'title'>;
  /** Absent when the source is for the answer as a whole. */
  readonly range?: { readonly start: number; readonly end: number };
}

/**
 * What Google Search and other sources gave, and what the model quotes at length. Offsets are documented as bytes of a
 * part; the API leaves out the part's index, and means the text of the answer as it is read.
 * https://ai.google.dev/api/generate-content#GroundingMetadata, #CitationMetadata
 * @param partStarts where each part of the answer begins in its text, in bytes
 */
export function readCitations(candidate: Members, partStarts: readonly number[]): ByteCitation[] {
  const grounding = candidate.object('groundingMetadata');
  const quotes = candidate.object('citationMetadata');
  tell(candidate, 'urlContextMetadata', 'it tells which pages Google read, and no other protocol does');
  return [
    ...(grounding ? readGrounding(grounding, partStarts) : []),
    ...(quotes ? [...listOf(quotes, 'citations'), ...listOf(quotes, 'citationSources')].flatMap(readQuote) : []),
  ];
}

function readGrounding(grounding: Members, partStarts: readonly number[]): ByteCitation[] {
  const sources = listOf(grounding, 'groundingChunks').map(readSource);
  const supported = new Set<number>();
  const citations = listOf(grounding, 'groundingSupports').flatMap((support) => {
    support.hint('confidenceScores', 'a citation does not tell how sure it is');
    // They point into Google's own rendering of its search.
    support.ignore('renderedParts');
    const range = readRange(support, partStarts);
    return support.entries('groundingChunkIndices').flatMap(({ value }) => {
      if (typeof value !== 'number') return [];
      supported.add(value);
      const source = sources[value];
      return source === undefined ? [] : [{ source, ...(range && { range }) }];
    });
  });
  tellRest(grounding, 'it tells how Google searched, and no other protocol does');
  return [
    ...citations,
    ...sources.flatMap((source, index) => (source === undefined || supported.has(index) ? [] : [{ source }])),
  ];
}

/** undefined for a source without an address, such as a document in a store at Google. */
function readSource(chunk: Members): ByteCitation['source'] | undefined {
  for (const kind of ['web', 'maps', 'retrievedContext']) {
    const { uri, title, ...more } = asObject(chunk.value(kind)) ?? {};
    if (typeof uri !== 'string' || uri === '') continue;
    if (Object.keys(more).some((name) => name !== 'domain')) {
      chunk.losses.hint(chunk.at, 'a citation tells the address and the title of its source, and no more');
    }
    return { url: uri, ...(typeof title === 'string' && title !== '' && { title }) };
  }
  chunk.lose('it is a source without an address');
  return undefined;
}

/** What is zero is left out. */
function readRange(support: Members, partStarts: readonly number[]): ByteCitation['range'] {
  const segment = support.object('segment');
  // The stretch itself: the text has it.
  segment?.ignore('text');
  const end = segment?.integer('endIndex');
  if (segment === undefined || end === undefined) return undefined;
  const partStart = partStarts[segment.integer('partIndex') ?? 0] ?? 0;
  return { start: partStart + (segment.integer('startIndex') ?? 0), end: partStart + end };
}

function readQuote(quote: Members): ByteCitation[] {
  quote.hint('license', 'a citation has no licence');
  quote.hint('publicationDate', 'a citation has no date');
  const url = quote.string('uri');
  const title = quote.string('title') || undefined;
  const [start, end] = [quote.integer('startIndex') ?? 0, quote.integer('endIndex')];
  if (url === undefined || url === '') {
    quote.lose('it quotes a source without an address');
    return [];
  }
  return [
    { source: { url, ...(title !== undefined && { title }) }, ...(end !== undefined && { range: { start, end } }) },
  ];
}
