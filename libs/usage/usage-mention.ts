const COLON = 0x3a;
const LETTER_N = 0x6e;

/**
 * Whether JSON bytes have one of the members, not null: most events of a stream have none, and are never parsed.
 * A completion that speaks of "usage" does not deceive it, for there the quotes are escaped.
 */
export function mentionsAny(json: Buffer, members: readonly string[]): boolean {
  return members.some((member) => mentions(json, `"${member}"`));
}

function mentions(json: Buffer, quoted: string): boolean {
  for (let at = json.indexOf(quoted, 0, 'latin1'); at !== -1; at = json.indexOf(quoted, at, 'latin1')) {
    at = skipSpace(json, at + quoted.length);
    if (json[at] !== COLON) continue;
    at = skipSpace(json, at + 1);
    if (json[at] !== LETTER_N) return true;
  }
  return false;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at += 1;
  return at;
}
