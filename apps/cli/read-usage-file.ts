import { createReadStream } from 'node:fs';
import type { UsageFormat } from '#usage/usage-api.js';
import { usageReader, type UsageSource } from '#usage/usage-reader.js';
import type { Usage } from '#usage/usage.js';
import { asFileFailure, FileFailure } from './file-failure.js';

/**
 * The usage of one recorded answer, read as it streams by.
 * @param file `-` for standard input.
 * @throws FileFailure when there is nothing to read, or nothing that can be read.
 */
export async function readUsageFile(file: string, source: UsageSource, format?: UsageFormat): Promise<Usage> {
  const reader = usageReader(source, format);
  let isEmpty = true;
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      isEmpty = false;
      reader.push(chunk as Buffer);
    }
  } catch (error) {
    throw asFileFailure(file, error);
  }
  if (isEmpty) throw new FileFailure(file, 'it is empty, and the body of an answer is not.');
  const usage = reader.end();
  if (usage.anomalies.some(({ code }) => code === 'nothing_read')) {
    const as = format === undefined ? 'in any format' : `as ${format}`;
    throw new FileFailure(file, `nothing in it can be read ${as}: give the body of an answer, and its --format.`);
  }
  return usage;
}
