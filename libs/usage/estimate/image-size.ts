export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A JPEG's size may stand after embedded metadata; this much of an image is looked at. Unit: base64 characters. */
const LOOKED_AT = 256 * 1024;
const DATA_URL = /^data:[^,]{0,128};base64,/i;

/** The size of a PNG, JPEG, GIF or WebP image given as base64 or as a data URL; undefined where it cannot be told. */
export function imageSize(source: unknown): ImageSize | undefined {
  if (typeof source !== 'string') return undefined;
  const start = DATA_URL.exec(source)?.[0].length ?? 0;
  const bytes = Buffer.from(source.slice(start, start + LOOKED_AT), 'base64');
  if (bytes.length < 30) return undefined;
  const magic = bytes.toString('latin1', 0, 16);
  if (magic.startsWith('\x89PNG')) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (magic.startsWith('GIF8')) return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (magic.startsWith('RIFF') && magic.startsWith('WEBP', 8)) return webpSize(bytes, magic.slice(12));
  return magic.startsWith('\xff\xd8') ? jpegSize(bytes) : undefined;
}

/** The three kinds of WebP: https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(bytes: Buffer, kind: string): ImageSize | undefined {
  if (kind === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (kind === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (kind !== 'VP8L') return undefined;
  const bits = bytes.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** The frame header is the first segment of type C0-CF that is no table (C4, C8, CC). */
function jpegSize(bytes: Buffer): ImageSize | undefined {
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const type = bytes[at + 1]!;
    const isFrame = type >= 0xc0 && type <= 0xcf && type !== 0xc4 && type !== 0xc8 && type !== 0xcc;
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
