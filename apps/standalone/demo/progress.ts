import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  advance(): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line at every tenth, so that a log stays readable. */
export function showProgress(total: number, stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY) {
    const format = 'replaying {bar} {percentage} %  {value} of {total} requests, {duration_formatted}';
    const bar = new SingleBar({ format, stream, hideCursor: true }, Presets.shades_classic);
    bar.start(total, 0);
    return { advance: () => bar.increment(), stop: () => bar.stop() };
  }
  let done = 0;
  const advance = () => {
    done += 1;
    if (Math.floor((done * 10) / total) > Math.floor(((done - 1) * 10) / total)) {
      stream.write(`Replayed ${done} of ${total} requests.\n`);
    }
  };
  return { advance, stop: () => undefined };
}
