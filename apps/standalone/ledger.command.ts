import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '#config/config.js';
import { checkout } from './checkout.js';
import { findDataDir } from './data-dir.js';
import { findRunning } from './instance-file.js';
import { standaloneConfig } from './standalone.config.js';
import { StartFailure } from './start-failure.js';
import { dataPathOf } from './start-instance.js';

/** The ledger's own command line, on the book of the instance that runs here unless another one is named. */
export function ledgerCommand(): Command {
  return (
    new Command('ledger')
      .description('Verify, export and guard the book: `ledger help` says more.')
      .option('--data <dir>', 'the data folder of the instance that runs (default: .tollgate)')
      .argument('[arguments...]', 'what the ledger shall do, such as verify')
      // Those that are not ours are the ledger’s.
      .allowUnknownOption()
      .helpOption(false)
      .action(async (given: readonly string[], { data }: { readonly data?: string }) => {
        const { DATABASE_URL: database } = loadConfig(standaloneConfig);
        const isNamed = database !== undefined || given.some((one) => one.startsWith('--database-url'));
        const needsBook = given[0] === 'verify' || given[0] === 'export';
        const book =
          isNamed || !needsBook ? {} : await bookHere(dataPathOf({ ...(data !== undefined && { dataDir: data }) }));
        await run(given, book);
      })
  );
}

async function bookHere(path: string): Promise<Record<string, string>> {
  const running = await findRunning(findDataDir(path));
  if (running !== undefined) return { DATABASE_URL: running.databaseUrl, NATS_URL: running.natsUrl };
  throw new StartFailure(
    `No Tollgate runs on ${path}: start it with npm start, or name the book with --database-url or DATABASE_URL.`,
  );
}

async function run(given: readonly string[], book: Record<string, string>): Promise<void> {
  const entry = join(checkout, 'dist/apps/ledger/command-line.js');
  const child = spawn(process.execPath, ['--enable-source-maps', entry, 'ledger', ...given], {
    stdio: 'inherit',
    // eslint-disable-next-line no-restricted-properties -- handed on whole to the program that reads its own
    env: { ...process.env, ...book },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
