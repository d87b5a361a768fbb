import type { JsonObject } from '#usage/json.js';
import { defined } from '../chat/defined.js';
import type { Citation } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';

/** The `annotations` of a message or a delta. */
export function readAnnotations(message: Members): Citation[] {
  return message.objects('annotations').flatMap((annotation) => {
    const type = annotation.string('type');
    if (type === 'url_citation')
      return [readCitation(annotation.object('url_citation') ?? annotation.missing('url_citation'))];
    annotation.lose('only citations of web pages are converted');
    return [];
  });
}

function readCitation(cited: Members): Citation {
  cited.hint('content', 'it is the cited page');
  const [start, end] = [cited.integer('start_index'), cited.integer('end_index')];
  // Both must be given, so who does not know them gives an empty stretch.
  const isStretch = start !== undefined && end !== undefined && end > start;
  return defined<Citation>({
    url: cited.requiredString('url'),
    title: cited.string('title') || undefined,
    start: isStretch ? start : undefined,
    end: isStretch ? end : undefined,
  });
}

/** Perplexity's sources, which its text refers to by number. Search results name the same pages, with their titles. */
export function readSources(answer: Members): Citation[] {
  const urls = answer.strings('citations') ?? [];
  const pages = answer.objects('search_results').map((page) => {
    // What a search engine knows of a page.
    page.ignore('date', 'last_updated', 'snippet', 'source');
    const title = page.string('title') || undefined;
    return { url: page.requiredString('url'), ...(title !== undefined && { title }) };
  });
  return pages.length > 0 ? pages : urls.map((url) => ({ url }));
}

/** @param before how much text of the message stands before the text that cites */
export function writeAnnotation({ url, title, start, end }: Citation, before: number): JsonObject {
  const stretch =
    start === undefined || end === undefined
      ? { start_index: 0, end_index: 0 }
      : { start_index: before + start, end_index: before + end };
  return { type: 'url_citation', url_citation: { ...stretch, url, title: title ?? '' } };
}
