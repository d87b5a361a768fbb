interface PublishedBook {
  readonly version: string;
  /** An instant. */
  readonly publishedAt: string;
}

/**
 * The price book for usage of that time: the current one if it was published by then, else the newest that was. What
 * happened before any book was published has the first.
 */
export function priceVersionAt(time: string, current: string, books: readonly PublishedBook[]): string {
  const at = Date.parse(time);
  const publishedBy = books.filter(({ publishedAt }) => Date.parse(publishedAt) <= at);
  // After a release is rolled back an older book is current again, and a newer one no longer.
  if (publishedBy.some(({ version }) => version === current)) return current;
  const newestFirst = (a: PublishedBook, b: PublishedBook) => Date.parse(b.publishedAt) - Date.parse(a.publishedAt);
  return publishedBy.toSorted(newestFirst)[0]?.version ?? books.toSorted(newestFirst).at(-1)?.version ?? current;
}
