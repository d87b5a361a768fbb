import { type Command, InvalidArgumentError } from 'commander';
import { defaultBasePort, maxBasePort } from './addresses.js';
import type { InstanceOptions } from './start-instance.js';

export interface InstanceArguments {
  readonly data?: string;
  readonly port: number;
}

/** --data and --port mean the same for every command. */
export function takesInstance(command: Command): Command {
  return command
    .option('--data <dir>', 'where everything is kept (default: .tollgate)')
    .option(
      '--port <n>',
      'the first of five ports in a row: relay, control, sandbox, Postgres, NATS',
      readPort,
      defaultBasePort,
    );
}

export function instanceOptions({ data, port }: InstanceArguments): InstanceOptions {
  return { port, ...(data === undefined ? {} : { dataDir: data }) };
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= maxBasePort) return port;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${maxBasePort}.`);
}
