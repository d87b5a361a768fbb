const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPENING_BRACE, CLOSING_BRACE, OPENING_BRACKET, CLOSING_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Sets one member of an object in its text, which has been parsed before and so is JSON. Every other byte stays: parsed
 * and written again, large numbers would be rounded and repeated names lost.
 * @param valueOf is told the text that is there. Of a repeated name it is the last, as for JSON.parse.
 */
export function withMember(object: Buffer, name: string, valueOf: (given: Buffer | undefined) => Buffer): Buffer {
  const given = findValue(object, name);
  if (given === undefined) return withFirstMember(object, name, valueOf(undefined));
  const { start, end } = given;
  return Buffer.concat([object.subarray(0, start), valueOf(object.subarray(start, end)), object.subarray(end)]);
}

/** For a name that is known not to be there. */
export function withFirstMember(object: Buffer, name: string, value: Buffer): Buffer {
  const start = object.indexOf(OPENING_BRACE) + 1;
  const isEmpty = object[skipSeparators(object, start)] === CLOSING_BRACE;
  const member = [Buffer.from(`${JSON.stringify(name)}:`), value, Buffer.from(isEmpty ? '' : ',')];
  return Buffer.concat([object.subarray(0, start), ...member, object.subarray(start)]);
}

/** Without a member, wherever it stands and as often as it does. */
export function withoutMember(object: Buffer, name: string): Buffer {
  const given = findValue(object, name);
  if (given === undefined) return object;
  const { nameStart, end } = given;
  const next = skipSpace(object, end);
  // Its comma goes with it: the one behind it, or of the last member the one before it.
  if (object[next] === COMMA) {
    return withoutMember(Buffer.concat([object.subarray(0, nameStart), object.subarray(next + 1)]), name);
  }
  const before = object.subarray(0, nameStart).toString('latin1').replace(/,\s*$/, '');
  return withoutMember(Buffer.concat([Buffer.from(before, 'latin1'), object.subarray(end)]), name);
}

/** With what becomes of each element of an array's text. */
export function withEachElement(array: Buffer, change: (element: Buffer) => Buffer): Buffer {
  const pieces: Buffer[] = [];
  let copied = 0;
  let at = skipSeparators(array, array.indexOf(OPENING_BRACKET) + 1);
  while (at < array.length && array[at] !== CLOSING_BRACKET) {
    const end = endOfValue(array, at);
    pieces.push(array.subarray(copied, at), change(array.subarray(at, end)));
    copied = end;
    at = skipSeparators(array, end);
  }
  return Buffer.concat([...pieces, array.subarray(copied)]);
}

export function isObjectText(json: Buffer): boolean {
  return json[0] === OPENING_BRACE;
}

interface Member {
  readonly name: string;
  readonly nameStart: number;
  /** Of its value. */
  readonly start: number;
  readonly end: number;
}

/** How many members all of its objects have, those of a repeated name counted each time. */
export function countMembers(json: Buffer): number {
  let members = 0;
  for (let at = 0; at < json.length;) {
    const byte = json[at]!;
    if (byte === COLON) members += 1;
    at = byte === QUOTE ? endOfString(json, at) : at + 1;
  }
  return members;
}

/** The first name that one of its objects has twice. */
export function repeatedName(json: Buffer): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length;) {
    const byte = json[at]!;
    if (byte === OPENING_BRACE) open.push(new Set());
    else if (byte === CLOSING_BRACE) open.pop();
    const end = byte === QUOTE ? endOfString(json, at) : at + 1;
    if (byte === QUOTE && json[skipSpace(json, end)] === COLON) {
      const name = nameAt(json, at, end);
      if (open.at(-1)?.has(name) === true) return name;
      open.at(-1)?.add(name);
    }
    at = end;
  }
  return undefined;
}

function findValue(object: Buffer, name: string): Member | undefined {
  let found: Member | undefined;
  for (const member of membersOf(object)) if (member.name === name) found = member;
  return found;
}

function* membersOf(object: Buffer): Generator<Member, void, void> {
  let at = skipSeparators(object, object.indexOf(OPENING_BRACE) + 1);
  while (object[at] === QUOTE) {
    const nameEnd = endOfString(object, at);
    const start = skipSeparators(object, object.indexOf(COLON, nameEnd) + 1);
    const end = endOfValue(object, start);
    yield { name: nameAt(object, at, nameEnd), nameStart: at, start, end };
    at = skipSeparators(object, end);
  }
}

/** A name may be written with escapes. */
function nameAt(json: Buffer, start: number, end: number): string {
  return JSON.parse(json.toString('utf8', start, end)) as string;
}

function endOfValue(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length;) {
    const byte = json[at]!;
    if (depth === 0 && at > start && endsScalar(byte)) return at;
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) depth += 1;
    if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth -= 1;
    const isClosed = byte === QUOTE || byte === CLOSING_BRACE || byte === CLOSING_BRACKET;
    at = byte === QUOTE ? endOfString(json, at) : at + 1;
    if (isClosed && depth === 0) return at;
  }
  throw new Error(`The JSON value at byte ${start} has no end.`);
}

/** Most strings are names and words. */
const SHORT_STRING_BYTES = 16;

/** The end of a long string is searched for and not walked to: it may be an image of many megabytes. */
function endOfString(json: Buffer, start: number): number {
  for (let at = start + 1; at <= start + SHORT_STRING_BYTES; at += 1) {
    if (json[at] === QUOTE) return at + 1;
    if (json[at] === BACKSLASH) break;
  }
  for (let at = json.indexOf(QUOTE, start + 1); at !== -1; at = json.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (json[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new Error(`The JSON string at byte ${start} has no end.`);
}

function skipSpace(json: Buffer, start: number): number {
  let at = start;
  while (isSpace(json[at])) at += 1;
  return at;
}

function skipSeparators(json: Buffer, start: number): number {
  let at = start;
  while (isSpace(json[at]) || json[at] === COMMA) at += 1;
  return at;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSING_BRACE || byte === CLOSING_BRACKET || isSpace(byte);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
