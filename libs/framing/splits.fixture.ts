import fc from 'fast-check';

/** Cuts the bytes at the given places, of which there may be more than bytes. */
export function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

export const anyCuts = fc.array(fc.nat(), { maxLength: 40 });

export const byteByByte = (bytes: Buffer): Buffer[] => split(bytes, [...bytes.keys()]);
