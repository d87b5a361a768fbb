import { Command } from 'commander';
import { banner } from './banner.js';
import { type InstanceArguments, instanceOptions, takesInstance } from './instance-arguments.js';
import { dataPathOf, startInstance } from './start-instance.js';

export function startCommand(): Command {
  const command = new Command('start').description('Start Tollgate with its engines, until Ctrl-C.');
  return takesInstance(command).action(start);
}

async function start(given: InstanceArguments): Promise<void> {
  const report = (line: string) => void process.stdout.write(`${line}\n`);
  const options = { ...instanceOptions(given), report };
  report(`Tollgate starts on ${dataPathOf(options)}.`);
  process.stdout.write(banner(await startInstance(options)));
}
