/**
 * Decimals of the amounts in Stripe's API where they are not two. ISK and UGX have none in ISO 4217 and two here, and
 * MGA the other way round. Source: https://docs.stripe.com/currencies#minor-units
 */
const zeroDecimal = new Set([
  'BIF',
  'CLP',
  'DJF',
  'GNF',
  'JPY',
  'KMF',
  'KRW',
  'MGA',
  'PYG',
  'RWF',
  'VND',
  'VUV',
  'XAF',
  'XOF',
  'XPF',
]);
const threeDecimal = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

const decimalsOf = (currency: string) => (zeroDecimal.has(currency) ? 0 : threeDecimal.has(currency) ? 3 : 2);

/** An amount of Stripe's as a decimal string of main units, exactly: `1050` of USD is `10.50`, of JPY `1050`. */
export function fromStripeAmount(minorUnits: number, currency: string): string {
  const decimals = decimalsOf(currency);
  if (decimals === 0) return String(minorUnits);
  const digits = String(minorUnits).padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
