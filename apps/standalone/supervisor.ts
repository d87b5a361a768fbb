import { basename } from 'node:path';
import type { DataDir } from './data-dir.js';
import {
  claimInstance,
  type InstanceFile,
  type InstanceUrls,
  releaseInstance,
  updateInstance,
} from './instance-file.js';
import { keepRunning, type Kept, type Running } from './keep-running.js';
import { StartFailure } from './start-failure.js';

/** The relay first: what it has begun still needs everything else. The engines last: the apps drain into them. */
const stages = [
  ['relay'],
  ['control', 'pricing', 'ledger', 'metering', 'reconciliation', 'sandbox'],
  ['nats', 'postgres'],
];

/** Every process of one instance, and the file that tells others about them. */
export class Supervisor {
  readonly #kept = new Map<string, Kept>();
  #written: Promise<void> = Promise.resolve();
  #stopping = false;

  private constructor(
    private readonly data: DataDir,
    private instance: InstanceFile,
    private readonly report: (line: string) => void,
  ) {}

  /** @throws StartFailure when another instance has the folder. */
  static async claim(data: DataDir, urls: InstanceUrls, report: (line: string) => void): Promise<Supervisor> {
    const instance: InstanceFile = {
      supervisor: { pid: process.pid, mark: basename(process.argv[1] ?? '') },
      status: 'starting',
      startedAt: new Date().toISOString(),
      ...urls,
      processes: {},
    };
    await claimInstance(data, instance);
    return new Supervisor(data, instance, report);
  }

  /** @param mark a path in the process's command line, by which a later start knows it again. */
  async keep(name: string, mark: string, start: () => Promise<Running>): Promise<void> {
    if (this.#stopping) throw new StartFailure('Stopped while starting.');
    const onStart = (pid: number) => this.#record({ processes: { ...this.instance.processes, [name]: { pid, mark } } });
    const kept = keepRunning({ name, start, onStart, report: this.report });
    this.#kept.set(name, kept);
    await kept.ready;
  }

  async ready(): Promise<void> {
    this.#record({ status: 'ready' });
    await this.#written;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Stops everything in its order. May be called at any time, also while things are starting. */
  stop(): Promise<void> {
    return this.#end('stop');
  }

  kill(): Promise<void> {
    return this.#end('kill');
  }

  async #end(how: 'stop' | 'kill'): Promise<void> {
    this.#stopping = true;
    for (const stage of stages) {
      await Promise.all(stage.map(async (name) => this.#kept.get(name)?.[how]()));
    }
    await this.#written;
    await releaseInstance(this.data);
  }

  #record(change: Partial<InstanceFile>): void {
    this.instance = { ...this.instance, ...change };
    const { instance } = this;
    this.#written = this.#written.then(() => updateInstance(this.data, instance));
  }
}
