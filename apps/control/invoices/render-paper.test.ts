import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import PDFDocument from 'pdfkit';
import type { InvoiceDocument, ShownLine } from './fields.js';
import { creditNotePaper } from './credit-note-text.js';
import { invoicePaper, moneyText, percentText, sectionsOf, totalsOf } from './invoice-text.js';
import { exampleCreditNote, exampleDocument, exampleLine } from './invoice-document.fixture.js';
import { spellMissing } from './missing-glyphs.js';
import { renderPaper } from './render-paper.js';

const renderInvoice = (invoice: InvoiceDocument) => renderPaper(invoicePaper(invoice));
const pagesOf = (pdf: Buffer) => pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length;

describe('an invoice on paper', () => {
  it('fits on one page, and the same invoice gives the same bytes', async () => {
    const pdf = await renderInvoice(exampleDocument());
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.subarray(-6).toString()).toContain('%%EOF');
    expect(pagesOf(pdf)).toBe(1);
    expect(await renderInvoice(exampleDocument())).toEqual(pdf);
  });

  it('of a thousand lines goes over many pages, each with its rows', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) =>
      exampleLine({
        number: index + 1,
        teamId: `team-${Math.floor(index / 100)}`,
        model: 'm'.repeat(1 + (index % 256)),
      }),
    );
    const pages = pagesOf(await renderInvoice(exampleDocument({ lines, lineCount: lines.length }))) ?? 0;
    // About 50 rows to a page; a row that took two lines would double them.
    expect(pages).toBeGreaterThanOrEqual(20);
    expect(pages).toBeLessThanOrEqual(26);
  });

  it('is drawn of a draft, too, of which nobody knows yet who it is for', async () => {
    const {
      number: _,
      issuer: __,
      customer: ___,
      ...draft
    } = exampleDocument({ state: 'draft', missing: ['A profile.'] });
    expect(pagesOf(await renderInvoice(draft))).toBe(1);
  });
});

describe('a credit note on paper', () => {
  it('fits on one page with the longest reason, and the same one gives the same bytes', async () => {
    const paper = creditNotePaper(exampleCreditNote({ reason: 'An outage. '.repeat(45).trim() }));
    const pdf = await renderPaper(paper);
    expect(pagesOf(pdf)).toBe(1);
    expect(await renderPaper(paper)).toEqual(pdf);
  });

  it('is refused for a party that the font cannot write, as an invoice is', async () => {
    const { customer } = exampleCreditNote();
    const named = exampleCreditNote({ customer: { ...customer, legalName: '東京 KK' } });
    await expect(renderPaper(creditNotePaper(named))).rejects.toMatchObject({
      ...{ status: 409, code: 'no_glyphs' },
      message: expect.stringMatching(/^Credit note TG-CN-2026-000001 cannot be a PDF: its font lacks 東 京/),
    });
  });
});

describe('what the font has no glyphs for', () => {
  it('refuses the paper when a party is called so, and says which characters', async () => {
    const { customer } = exampleDocument();
    const named = (legalName: string) => exampleDocument({ customer: { ...customer!, legalName } });
    await expect(renderInvoice(named('東京 KK'))).rejects.toMatchObject({
      status: 409,
      message: expect.stringMatching(/TG-2026-000001 cannot be a PDF: its font lacks 東 京 of "東京 KK"/),
    });
    expect(pagesOf(await renderInvoice(named('Ελληνική Ω, Компания, Žďár')))).toBe(1);
  });

  it('is named by its code point in other text', () => {
    const pdf = new PDFDocument({
      font: createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
    });
    expect(spellMissing(pdf, 'Växt 🚀\n東')).toBe('Växt [U+1F680]\n[U+6771]');
  });
});

describe('its text', () => {
  it('has amounts in the decimals of the currency, exactly', () => {
    const amounts: [string, string][] = [
      ['1234567.5', 'USD'],
      ['-0.01', 'USD'],
      ['0', 'USD'],
      ['1234', 'JPY'],
      ['1.5', 'KWD'],
      ['999999999999999.99', 'EUR'],
    ];
    expect(amounts.map(([amount, currency]) => moneyText(amount, currency))).toEqual([
      ...['1,234,567.50', '-0.01', '0.00', '1,234', '1.500', '999,999,999,999,999.99'],
    ]);
    expect(['0.19', '0.08875', '0', '1'].map(percentText)).toEqual(['19 %', '8.875 %', '0 %', '100 %']);
  });

  it('puts a team together, and late usage apart', () => {
    const line = (teamId: string, rounded: string, more: Partial<ShownLine> = {}) =>
      exampleLine({ teamId, rounded, ...more });
    const lines = [line('a', '1'), line('a', '0.5'), line('b', '2'), line('a', '4', { lateMonth: '2026-06' })];
    expect(sectionsOf(exampleDocument({ lines })).map(({ title, rows, total }) => [title, rows.length, total])).toEqual(
      [
        ['Team a', 2, '1.50'],
        ['Team b', 1, '2.00'],
        ['Team a, late usage of 2026-06', 1, '4.00'],
      ],
    );
  });

  it('goes from the usage to what is to be paid', () => {
    const shown = (document: InvoiceDocument) => totalsOf(document).map(({ label, amount }) => `${label}: ${amount}`);
    const document = exampleDocument();
    expect(shown(document)).toEqual([
      ...['Usage: 5.33', 'VAT 19 % on 5.33: 1.01', 'Total USD: 6.34', 'To be paid USD: 6.34'],
    ]);
    const amounts = { ...document.amounts, prepaid: '2', due: '4.34', paid: '1', credited: '3', outstanding: '0.34' };
    expect(shown({ ...document, amounts }).slice(3)).toEqual([
      'Paid from credits and wallets: -2.00',
      'Payments received: -1.00',
      'Credit notes: -3.00',
      'To be paid USD: 0.34',
    ]);
    const { customer } = document;
    if (customer === undefined) throw new Error('The example has a customer.');
    const exempt = { ...document, taxes: [], customer: { ...customer, taxation: { exemption: 'Reverse charge' } } };
    expect(shown(exempt)[1]).toBe('No tax: Reverse charge: 0.00');
  });
});
