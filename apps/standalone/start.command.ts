import { Command, InvalidArgumentError } from 'commander';
import { defaultBasePort, maxBasePort } from './addresses.js';
import { banner } from './banner.js';
import { dataPathOf, startInstance } from './start-instance.js';

interface StartOptions {
  readonly data?: string;
  readonly port: number;
}

export function startCommand(): Command {
  return new Command('start')
    .description('Start Tollgate with its engines, until Ctrl-C.')
    .option('--data <dir>', 'where everything is kept (default: .tollgate)')
    .option(
      '--port <n>',
      'the first of five ports in a row: relay, control, sandbox, Postgres, NATS',
      readPort,
      defaultBasePort,
    )
    .action(start);
}

async function start({ data, port }: StartOptions): Promise<void> {
  const report = (line: string) => void process.stdout.write(`${line}\n`);
  const options = { port, report, ...(data === undefined ? {} : { dataDir: data }) };
  report(`Tollgate starts on ${dataPathOf(options)}.`);
  process.stdout.write(banner(await startInstance(options)));
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= maxBasePort) return port;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${maxBasePort}.`);
}
