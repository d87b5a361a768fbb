import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';
import { MAX_ANSWER_BYTES, type UsageReader } from '#usage/usage-reader.js';

// A stream that broke off is decoded as far as it came.
const partial = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_ANSWER_BYTES };
const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, partial),
  deflate: (bytes) => inflateSync(bytes, partial),
  br: (bytes) => brotliDecompressSync(bytes, { ...partial, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
};

/** Codings are case-insensitive, and x-gzip is gzip (RFC 9110, 8.4.1). */
export function contentCoding(header = ''): string {
  const coding = header.trim().toLowerCase();
  if (coding === '') return 'identity';
  return coding === 'x-gzip' ? 'gzip' : coding;
}

/**
 * For an upstream that compresses although it was asked not to: its bytes go to the client as they are, and a copy is
 * decoded for the reader at the end. What cannot be decoded is unreadable: its usage is missing, not zero.
 */
export function decodedUsage(reader: UsageReader, coding: string): UsageReader {
  if (coding === 'identity') return reader;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
    },
    end() {
      const encoded = Buffer.concat(chunks);
      reader.push(bytes <= MAX_ANSWER_BYTES ? decode(encoded, coding) : encoded);
      return reader.end();
    },
  };
}

function decode(bytes: Buffer, coding: string): Buffer {
  try {
    return decoders[coding]?.(bytes) ?? bytes;
  } catch {
    // Undecodable bytes are no JSON either, and the reader says so in the record.
    return bytes;
  }
}
