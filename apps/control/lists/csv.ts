import { stringify } from 'csv-stringify/sync';

/** Spreadsheets run a cell that begins so as a formula (OWASP, "CSV Injection"). */
const formula = /^[=+\-@\t\r\n]/;
const number = /^-?\d+(\.\d+)?$/;

/**
 * Rows as RFC 4180 text with a header line. A column is a field or a path into one (`counts.charged`).
 * Amounts stay plain decimals; other text that a spreadsheet would run is led by an apostrophe.
 */
export function toCsv(rows: readonly object[], columns: readonly string[]): string {
  return stringify([...rows], {
    header: true,
    columns: columns.map((key) => ({ key, header: key })),
    record_delimiter: '\r\n',
    cast: {
      boolean: String,
      string: (value) => (formula.test(value) && !number.test(value) ? `'${value}` : value),
    },
  });
}
