import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { attachOrStart } from '../instance.js';
import { type InstanceArguments, instanceOptions, takesInstance } from '../instance-arguments.js';
import { generateTrace } from './generate-trace.js';
import { printReport } from './print-report.js';
import { showProgress } from './progress.js';
import type { ReplaySpeed } from './replay-trace.js';
import { checkReportPath } from './report-file.js';
import { runDemo } from './run-demo.js';
import { readTrace } from './trace.js';

const generatedRequests = 1000;

interface DemoOptions extends InstanceArguments {
  readonly trace?: string;
  readonly limit?: number;
  readonly speed: ReplaySpeed;
  readonly report?: string;
}

export function demoCommand(): Command {
  return takesInstance(new Command('demo'))
    .description('Replay a trace of requests through the relay, and prove that what is billed is what was used.')
    .option('--trace <file>', 'CSV of TIMESTAMP,ContextTokens,GeneratedTokens; left out: generated requests')
    .option('--limit <n>', `the first n requests only (of a generated trace: ${generatedRequests})`, readLimit)
    .option('--speed <speed>', '"max", or "2x" for twice the pace of the trace', readSpeed, 'max')
    .option('--report <file>', 'write the report there as JSON')
    .action(demo);
}

/** Everything that can be wrong with the input is found before anything is started or sent. */
async function demo(options: DemoOptions): Promise<void> {
  const { trace, limit, speed, report: reportPath } = options;
  if (reportPath !== undefined) await checkReportPath(reportPath);
  const rows = trace === undefined ? generateTrace(limit ?? generatedRequests) : await readTrace(trace, limit);

  const instance = await attachOrStart({
    ...instanceOptions(options),
    report: (line) => void process.stderr.write(`${line}\n`),
  });
  const progress = showProgress(rows.length, process.stderr);
  try {
    const report = await runDemo({
      relayUrl: instance.relayUrl,
      control: { url: instance.controlUrl, token: instance.adminToken },
      rows,
      speed,
      ...(trace === undefined ? {} : { trace: basename(trace) }),
      onAnswer: () => progress.advance(),
    });
    progress.stop();
    process.stdout.write(`${printReport(report)}\n`);
    if (reportPath !== undefined) await writeFile(reportPath, `${JSON.stringify(report, null, 2)}\n`);
    if (report.problems.length > 0) process.exitCode = 1;
  } finally {
    progress.stop();
    await instance.stop();
  }
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number of requests, from 1.');
  return Number(text);
}

function readSpeed(text: string): ReplaySpeed {
  if (text === 'max') return text;
  const factor = /^(\d+(?:\.\d+)?)x$/.exec(text)?.[1];
  if (factor === undefined || Number(factor) === 0) {
    throw new InvalidArgumentError('Give "max", or a factor above 0 such as "1x" or "10x".');
  }
  return Number(factor);
}
