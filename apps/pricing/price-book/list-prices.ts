import type { PriceBook } from '#contracts/price-book.js';
import { alibaba } from './alibaba.js';
import { anthropic } from './anthropic.js';
import { compilePriceSheets } from './compile-price-sheets.js';
import { deepseek } from './deepseek.js';
import { google } from './google.js';
import { mistral } from './mistral.js';
import { moonshot } from './moonshot.js';
import { openai } from './openai.js';
import { xai } from './xai.js';
import { zai } from './zai.js';

/** The day from which these prices are in force. Change it with the prices: a book once published never changes. */
const inForceFrom = '2026-09-01';

/** The list prices that this release publishes. */
export function listPrices(): PriceBook {
  return compilePriceSheets([openai, anthropic, google, deepseek, mistral, xai, moonshot, zai, alibaba], inForceFrom);
}
