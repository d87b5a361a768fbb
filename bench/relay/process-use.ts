import { readFileSync } from 'node:fs';

/** Linux counts CPU in these, whatever its own clock (proc(5)). */
const TICKS_PER_SECOND = 100;
const UTIME = 11;
const STIME = 12;

/** What a process has used of the CPU so far, user and system. NaN where there is no /proc. */
export function cpuMs(pid: number): number {
  // The second field is the command in brackets, and may hold spaces.
  const fields = read(`/proc/${pid}/stat`)?.split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[UTIME]) + Number(fields[STIME])) * 1000) / TICKS_PER_SECOND;
}

/** Its memory now. NaN where there is no /proc. */
export function rssMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1]) / 1024;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
