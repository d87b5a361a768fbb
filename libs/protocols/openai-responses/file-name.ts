/** Where one of the two, a file's name and its media type, has to be told from the other. */
const mediaTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pdf: 'application/pdf',
    txt: 'text/plain',
    md: 'text/markdown',
    csv: 'text/csv',
    html: 'text/html',
    json: 'application/json',
    xml: 'application/xml',
  }),
);

/** PDF where the name says nothing: it is what files were first taken for, and what every model here reads. */
export function mediaTypeOfName(name: string | undefined): string {
  const ending = name?.slice(name.lastIndexOf('.') + 1).toLowerCase() ?? '';
  return mediaTypes.get(ending) ?? 'application/pdf';
}

/** Bytes are refused without a name. */
export function nameOfMediaType(mediaType: string): string {
  const type = mediaType.replace(/;.*$/s, '').trim().toLowerCase();
  const ending = [...mediaTypes].find(([, one]) => one === type)?.[0];
  return ending === undefined ? 'document' : `document.${ending}`;
}
