import { Argument, Command, Option } from 'commander';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import type { Conversion } from '#protocols/convert.js';
import { convertBody, convertStream } from './convert-file.js';
import { FileFailure } from './file-failure.js';

interface ConvertOptions {
  readonly from: ChatApi;
  readonly to: ChatApi;
  readonly kind: 'request' | 'response' | 'stream';
  readonly model: string;
  readonly provider?: string;
  readonly allowDrops?: true;
}

/** Converts a body from one protocol to another, as the relay does. What is left out is told on standard error. */
export function convertCommand(): Command {
  return new Command('convert')
    .description('Convert a request, an answer or a streamed answer from one protocol to another.')
    .addArgument(new Argument('<file>', 'the body; - is standard input'))
    .addOption(new Option('--from <protocol>', 'what the body speaks').choices(chatApis).makeOptionMandatory())
    .addOption(new Option('--to <protocol>', 'what it shall speak').choices(chatApis).makeOptionMandatory())
    .addOption(
      new Option('--kind <kind>', 'what the body is').choices(['request', 'response', 'stream']).makeOptionMandatory(),
    )
    .option('--model <name>', 'the model, where the body does not name it', 'unknown')
    .option('--provider <name>', 'who answered, where providers of one protocol count usage differently')
    .option('--allow-drops', 'leave out what the other protocol cannot express, instead of refusing the request')
    .action(async (file: string, { kind, allowDrops, ...options }: ConvertOptions) => {
      const now = Math.floor(Date.now() / 1000);
      const conversion: Conversion = { ...options, id: 'converted', now, allowsLosses: allowDrops === true };
      try {
        const losses =
          kind === 'stream'
            ? await convertStream(file, conversion, process.stdout)
            : await convertBody(file, kind, conversion, process.stdout);
        for (const { at, reason } of losses) process.stderr.write(`left out: ${at} (${reason})\n`);
      } catch (error) {
        if (!(error instanceof FileFailure)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 1;
      }
    });
}
