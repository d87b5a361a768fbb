import { Argument, Command, InvalidArgumentError } from 'commander';
import { type InstanceArguments, instanceOptions, takesInstance } from '#apps/standalone/instance-arguments.js';
import { meetsTarget, type Benchmark, type Figure } from './benchmark.js';
import { benchLedger } from './ledger.js';
import { benchPipeline } from './pipeline.js';
import { benchRelay } from './relay.js';
import { benchUsage } from './usage.js';

interface BenchArguments extends InstanceArguments {
  readonly size?: number;
  readonly json?: true;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  ledger: benchLedger,
  pipeline: benchPipeline,
  relay: benchRelay,
  usage: benchUsage,
};

const bench = takesInstance(new Command('bench'))
  .description('Measure against a reference of the same run on the same machine.')
  .addArgument(new Argument('<benchmark>', 'what to measure').choices(Object.keys(benchmarks)))
  .option('--size <n>', 'how many requests or events', readSize)
  .option('--json', 'print one JSON object instead of lines')
  .action(async (name: string, { size, json, ...instance }: BenchArguments) => {
    const note = (line: string) => void process.stderr.write(`${line}\n`);
    const figures = await (benchmarks[name] as Benchmark)(note, size, instanceOptions(instance));
    if (json === true) process.stdout.write(`${JSON.stringify({ benchmark: name, figures }, null, 2)}\n`);
    else for (const figure of figures) process.stdout.write(`${printFigure(figure)}\n`);
    // A missed speed is an answer, not a failure: machines differ. A wrong bill is a failure everywhere.
    if (figures.some((figure) => figure.unit === 'ppm' && !meetsTarget(figure))) process.exitCode = 1;
  });

function printFigure(figure: Figure): string {
  const { name, value, unit, target } = figure;
  const shown = value.toLocaleString('en', { maximumFractionDigits: 3 });
  const measured = `${name.padEnd(44)} ${shown.padStart(14)} ${unit}`;
  if (target === undefined) return measured;
  const bound = 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
  return `${measured}   (target ${bound}: ${meetsTarget(figure) ? 'met' : 'MISSED'})`;
}

function readSize(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError('Give a whole number, from 1.');
  return Number(text);
}

await new Command('tollgate').addCommand(bench).parseAsync();
