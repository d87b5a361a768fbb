import { Command } from 'commander';
import { banner } from './banner.js';
import { type InstanceArguments, instanceOptionsOf, withInstanceOptions } from './instance-options.js';
import { dataPathOf, startInstance } from './start-instance.js';

export function startCommand(): Command {
  const command = new Command('start').description('Start Tollgate with its engines, until Ctrl-C.');
  return withInstanceOptions(command).action(start);
}

async function start(given: InstanceArguments): Promise<void> {
  const options = instanceOptionsOf(given);
  process.stderr.write(`Tollgate starts on ${dataPathOf(options)}.\n`);
  process.stdout.write(banner(await startInstance(options)));
}
