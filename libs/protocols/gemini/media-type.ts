/** What Google takes by URL (https://ai.google.dev/gemini-api/docs/file-input-methods), by the ending of the name. */
const byEnding: ReadonlyMap<string, string> = new Map(
  Object.entries({
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    webp: 'image/webp',
    gif: 'image/gif',
    heic: 'image/heic',
    heif: 'image/heif',
    pdf: 'application/pdf',
    txt: 'text/plain',
    md: 'text/markdown',
    csv: 'text/csv',
    html: 'text/html',
    xml: 'text/xml',
    json: 'application/json',
    wav: 'audio/wav',
    mp3: 'audio/mpeg',
    aac: 'audio/aac',
    ogg: 'audio/ogg',
    flac: 'audio/flac',
    mp4: 'video/mp4',
    mov: 'video/quicktime',
    webm: 'video/webm',
  }),
);

/** undefined when the URL does not say what is behind it. */
export function mediaTypeOfUrl(url: string): string | undefined {
  // Google reads a video of YouTube by its page.
  if (/^https?:\/\/(www\.|m\.)?(youtube\.com\/|youtu\.be\/)/i.test(url)) return 'video/mp4';
  const path = url.replace(/[?#].*$/s, '');
  const ending = /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase();
  return ending === undefined ? undefined : byEnding.get(ending);
}

export function mediumOf(mediaType: string | undefined): 'image' | 'audio' | 'file' {
  const [medium] = (mediaType ?? '').toLowerCase().split('/');
  return medium === 'image' || medium === 'audio' ? medium : 'file';
}
