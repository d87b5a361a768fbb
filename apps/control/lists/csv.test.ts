import { expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { toCsv } from './csv.js';

const read = (csv: string) => parse(csv, { columns: true, record_delimiter: '\r\n' });

it('keeps amounts as they are and disarms what a spreadsheet would run', () => {
  const rows = [{ a: '-0.000012', b: '=1+1', c: '+49 30', d: '-cmd', e: '@SUM(A1)', f: '\ttab', g: 12 }];
  expect(read(toCsv(rows, ['a', 'b', 'c', 'd', 'e', 'f', 'g']))).toEqual([
    { a: '-0.000012', b: "'=1+1", c: "'+49 30", d: "'-cmd", e: "'@SUM(A1)", f: "'\ttab", g: '12' },
  ]);
});

it('leaves absent cells empty and reaches into a path', () => {
  expect(toCsv([{ id: 'r', counts: { charged: 0 } }], ['id', 'missing', 'counts.charged'])).toBe(
    'id,missing,counts.charged\r\nr,,0\r\n',
  );
});

it('gives back any text to a reader of CSV, and never a formula', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const [row] = read(toCsv([{ text, end: 'x' }], ['text', 'end'])) as [{ text: string }];
      expect([text, `'${text}`]).toContain(row.text);
      expect(row.text).not.toMatch(/^[=+@\t\r\n]|^-(?!\d+(\.\d+)?$)/);
    }),
  );
});
