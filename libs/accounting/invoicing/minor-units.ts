import { AmountError, type Currency, type Pico } from '#money/pico.js';

/**
 * ISO 4217, list one: the currencies in use by the number of decimals of their minor unit. Codes without a minor unit
 * (metals, funds, testing) are left out: nothing can be paid in them.
 */
const currenciesByDecimals: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const decimalsByCurrency = new Map(
  Object.entries(currenciesByDecimals).flatMap(([decimals, codes]) =>
    codes.split(/\s+/).map((code) => [code, Number(decimals)] as const),
  ),
);

/** @throws AmountError for what is no currency of ISO 4217: how it is rounded is unknown. */
export function minorUnitDecimals(currency: Currency): number {
  const decimals = decimalsByCurrency.get(currency);
  if (decimals === undefined) {
    throw new AmountError(`${currency} has no minor unit in ISO 4217: amounts in it cannot be invoiced.`);
  }
  return decimals;
}

/** The smallest amount that can be paid, such as one cent. */
export function minorUnitOf(currency: Currency): Pico {
  return 10n ** BigInt(12 - minorUnitDecimals(currency));
}
