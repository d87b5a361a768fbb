import type { JsonObject } from '#usage/json.js';
import type { Losses } from '../chat/losses.js';
import type { Members } from '../chat/members.js';
import type { Citation } from '../chat/chat-request.js';

const WEB = 'web_search_result_location';

/** undefined for a citation of anything but the web: its place in a document means nothing elsewhere. */
export function readCitation(citation: Members): Citation | undefined {
  const type = citation.requiredString('type');
  if (type !== WEB) {
    citation.lose('it cites a document of the request and not the web');
    return undefined;
  }
  citation.hint('cited_text', 'a citation does not quote its source');
  citation.hint('encrypted_index', 'only Anthropic can read it');
  const title = citation.string('title');
  return { url: citation.requiredString('url'), ...(title !== undefined && title !== '' && { title }) };
}

export function readCitations(text: Members): Citation[] {
  return text.objects('citations').flatMap((citation) => readCitation(citation) ?? []);
}

/** Here a citation is for a text block as a whole. What other providers do not tell is empty: SDKs want strings. */
export function writeCitation(
  { url, title, start = 0, end }: Citation,
  text: { readonly at: string; readonly length: number },
  losses: Losses,
): JsonObject {
  if (start > 0 || (end !== undefined && end < text.length)) {
    losses.hint(`${text.at}.citations`, 'which stretch of the text they are for');
  }
  return { type: WEB, url, title: title ?? '', cited_text: '', encrypted_index: '' };
}
