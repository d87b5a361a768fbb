import { z } from 'zod';
import { instant } from '#contracts/cloud-event.js';
import { priceBook } from '#contracts/price-book.js';
import { requestContract } from '#contracts/requests/request.js';

export const listPriceBooks = requestContract(
  'pricing.v1.books',
  z.object({}),
  z.object({
    current: z.string(),
    books: z.array(z.object({ version: z.string(), publishedAt: instant, tariffs: z.number().int() })),
  }),
);
export const getPriceBook = requestContract('pricing.v1.book', z.object({ version: z.string().max(64) }), priceBook);
