import type { Loss } from './chat/losses.js';

/** A client that sends `true` here lets a conversion leave out what the model's own protocol cannot express. */
export const ALLOW_DROPS_HEADER = 'x-tollgate-allow-drops';
/** Names what a conversion left out: the members' places, separated by commas. */
export const DROPPED_HEADER = 'x-tollgate-dropped';

/** A header is as good as lost above what servers take. Characters. */
const MAX_CHARACTERS = 2000;

/** @returns undefined when nothing was left out. Names are the client's: what no header may hold is percent-encoded. */
export function droppedHeader(losses: readonly Loss[]): string | undefined {
  if (losses.length === 0) return undefined;
  const names = losses.map(({ at }) => encodeURIComponent(Buffer.from(at).toString()));
  let header = '';
  for (const [index, name] of names.entries()) {
    const longer = header === '' ? name : `${header}, ${name}`;
    if (longer.length > MAX_CHARACTERS) return `${header}${header === '' ? '' : ', '}+${names.length - index}`;
    header = longer;
  }
  return header;
}
