import type { NatsConnection } from '@nats-io/transport-node';
import { Command } from 'commander';
import { z } from 'zod';
import { loadConfig } from '#config/config.js';
import { databaseUrl, natsUrl } from '#config/settings.js';
import type { LedgerHead } from '#contracts/ledger-head.js';
import { connectNats } from '#jetstream/connect.js';
import type { Finding } from './finding.js';
import { readHeadFile } from './head-file.js';
import { readPublishedHeads } from './published-heads.js';
import { type Verification, verifyLedger } from './verify-ledger.js';

interface VerifyArguments {
  readonly databaseUrl?: string;
  readonly heads?: string;
}

/** The database that a command reads: the option's, else DATABASE_URL's. */
export const databaseOf = (option: string | undefined) =>
  option ?? loadConfig(z.object({ DATABASE_URL: databaseUrl })).DATABASE_URL;

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Compute the whole book again and name the first row that is not what it has to be.')
    .option('--database-url <url>', 'the PostgreSQL database (default: DATABASE_URL)')
    .option('--heads <file>', 'published heads, one in JSON per line (default: those on LEDGER_HEADS, with NATS_URL)')
    .action(async ({ databaseUrl: option, heads: file }: VerifyArguments) => {
      const url = databaseOf(option);
      const progress = (line: string) => void process.stderr.write(`${line}\n`);
      const verification = await withHeads(file, (heads) =>
        verifyLedger(url, { progress, ...(heads === undefined ? {} : { heads }) }),
      );
      print(verification);
    });
}

async function withHeads<Result>(
  file: string | undefined,
  use: (heads: AsyncIterable<LedgerHead> | undefined) => Promise<Result>,
): Promise<Result> {
  if (file !== undefined) return use(readHeadFile(file));
  const { NATS_URL: servers } = loadConfig(z.object({ NATS_URL: natsUrl.optional() }));
  if (servers === undefined) return use(undefined);
  const nats: NatsConnection = await connectNats({ servers, name: 'ledger-verify' });
  try {
    return await use(readPublishedHeads(nats));
  } finally {
    await nats.close();
  }
}

function print({ results, head }: Verification): void {
  const wrong = results.filter((result) => result.wrong > 0);
  for (const { check, first } of wrong)
    if (first !== undefined) process.stdout.write(`${check}: ${described(first)}\n`);
  if (wrong.length > 0) {
    process.stdout.write(`The book is WRONG: ${results.map(({ check, wrong }) => `${check} ${wrong}`).join(', ')}.\n`);
    process.exitCode = 1;
    return;
  }
  const compared = results.some(({ check }) => check === 'heads') ? '' : ', published heads not compared';
  const end = head === undefined ? 'empty' : `head ${head.height} ${head.hash} of ${head.sealedAt}`;
  process.stdout.write(`The book is sound: ${results.map(({ seen }) => seen).join(', ')}${compared}; ${end}.\n`);
}

function described({ table, key, block, stored, expected }: Finding): string {
  const place = block === undefined || table === 'block' ? '' : ` in block ${block}`;
  return `${table} ${key}${place} is wrong. Stored: ${stored}. Expected: ${expected}.`;
}
