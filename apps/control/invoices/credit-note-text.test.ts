import { describe, expect, it } from '@jest/globals';
import { creditNotePaper, creditPartsOf } from './credit-note-text.js';
import type { CreditNoteDocument } from './fields.js';
import { exampleCreditNote } from './invoice-document.fixture.js';

const totals = (note: CreditNoteDocument) =>
  creditNotePaper(note).totals.map(({ label, amount }) => `${label}: ${amount}`);

describe('a credit note', () => {
  it('names itself, the invoice that it credits, and why', () => {
    expect(creditNotePaper(exampleCreditNote())).toMatchObject({
      title: 'Credit note TG-CN-2026-000001',
      introduction: 'Credits invoice TG-2026-000001: An outage.',
      facts: [
        ['Date', '2026-08-02'],
        ['Currency', 'USD'],
        ['Your tax id', 'PL1234567890'],
      ],
    });
  });

  it('goes from what is without tax to where the whole went', () => {
    expect(totals(exampleCreditNote())).toEqual([
      ...['Without tax: 1.00', 'VAT 19 %: 0.19', 'Total credited USD: 1.19'],
      ...['Off what was to be paid: 0.69', 'Back into wallet default: 0.50'],
    ]);
    expect(totals(exampleCreditNote({ takenOff: '0', refunded: '1.19' })).slice(3)).toEqual([
      'Back into wallet default: 1.19',
    ]);
  });

  it('says why there is no tax', () => {
    const { customer } = exampleCreditNote();
    const exempt = { ...customer, taxation: { exemption: 'Reverse charge' } };
    expect(totals(exampleCreditNote({ taxes: [], net: '1.19', customer: exempt })).slice(0, 3)).toEqual([
      ...['Without tax: 1.19', 'No tax: Reverse charge: 0.00', 'Total credited USD: 1.19'],
    ]);
  });

  it('is rows that come to its amount', () => {
    const document = {
      number: 'TG-CN-2026-000001',
      invoice: { id: 'july', number: 'TG-2026-000001' },
      currency: 'USD',
    };
    expect(creditPartsOf(exampleCreditNote())).toEqual([
      { ...document, part: 'net', amount: '1' },
      { ...document, part: 'tax', jurisdiction: 'DE', name: 'VAT', rate: '0.19', amount: '0.19' },
    ]);
  });
});
