import type PDFDocument from 'pdfkit';
import { ApiError } from '../errors/api-error.js';
import type { Paper } from './paper.js';

type Pdf = InstanceType<typeof PDFDocument>;

/**
 * A name on a tax document has to be read: better none than one with boxes in it.
 * @throws ApiError 409 that names the characters that the font lacks.
 */
export function requireLegibleParties(pdf: Pdf, { title, issuer, customer }: Paper): void {
  for (const party of [issuer, customer]) {
    if (party === undefined) continue;
    const missing = missingIn(pdf, [party.legalName, ...party.address, party.taxId ?? ''].join(''));
    if (missing.size === 0) continue;
    throw new ApiError(
      409,
      'no_glyphs',
      `${title} cannot be a PDF: its font lacks ${[...missing].join(' ')} of "${party.legalName}" and its address. Take the JSON, or write the profile in another script before the next invoice.`,
    );
  }
}

/** Other text names what the font lacks by its code point, such as `[U+1F680]`. */
export function spellMissing(pdf: Pdf, text: string): string {
  const missing = missingIn(pdf, text);
  return missing.size === 0 ? text : [...text].map((one) => (missing.has(one) ? codePointOf(one) : one)).join('');
}

const codePointOf = (character: string) =>
  `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

function missingIn(pdf: Pdf, text: string): Set<string> {
  const { font } = (pdf as unknown as WithFont)._font;
  // Line ends are no glyphs.
  return new Set([...text].filter((one) => one !== '\n' && !font.hasGlyphForCodePoint(one.codePointAt(0) ?? 0)));
}

/** What pdfkit's types leave out: the font in use, as fontkit opened it. */
interface WithFont {
  readonly _font: { readonly font: { hasGlyphForCodePoint(codePoint: number): boolean } };
}
