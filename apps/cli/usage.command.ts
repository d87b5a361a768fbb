import { Argument, Command, Option } from 'commander';
import { usageApis, usageFormats, type UsageApi, type UsageFormat } from '#usage/usage-api.js';
import { FileFailure } from './file-failure.js';
import { readUsageFile } from './read-usage-file.js';

interface UsageOptions {
  readonly provider: string;
  readonly api: UsageApi;
  readonly model?: string;
  readonly format?: UsageFormat;
}

/** Prints what recorded answers cost in tokens: one usage record per file, as a line of JSON. */
export function usageCommand(): Command {
  return new Command('usage')
    .description("Read the usage out of providers' answers, one per file, and print it as lines of JSON.")
    .addArgument(
      new Argument('<file...>', 'bodies of answers as the provider sent them, gzip too; - is standard input'),
    )
    .requiredOption('--provider <name>', 'who answered, such as openai, azure, anthropic, google, aws-bedrock')
    .addOption(new Option('--api <api>', 'the API that was called').choices(usageApis).makeOptionMandatory())
    .option('--model <name>', 'the model that was asked for')
    .addOption(
      new Option('--format <format>', 'how the bodies are framed (default: told from their bytes)').choices(
        usageFormats,
      ),
    )
    .action(async (files: readonly string[], { provider, api, model, format }: UsageOptions) => {
      const source = { provider, api, ...(model !== undefined && { requestedModel: model }) };
      for (const file of files) {
        try {
          process.stdout.write(`${JSON.stringify(await readUsageFile(file, source, format))}\n`);
        } catch (error) {
          if (!(error instanceof FileFailure)) throw error;
          process.stderr.write(`${error.message}\n`);
          process.exitCode = 1;
        }
      }
    });
}
