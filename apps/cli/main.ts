import { Command } from 'commander';
import { convertCommand } from './convert.command.js';
import { usageCommand } from './usage.command.js';

// Who reads our output may have seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await new Command('tollgate').addCommand(usageCommand()).addCommand(convertCommand()).parseAsync();
