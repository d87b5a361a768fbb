type Task = () => void;

/**
 * What came in during one turn of the event loop is worked on together at its end, step after step for all of it: the code of
 * a step, and what the processor has learnt of its branches, are lost at each system call between two of them.
 */
let works: Task[] = [];
let writes: Task[] = [];
let isPlanned = false;

/** Runs `work` when all that comes in this turn is in. What its promises lead to at once is done before the writes. */
export function workAtTurnsEnd(work: Task): void {
  works.push(work);
  plan();
}

/** Runs `write` after the works of this turn: it may take what they left. */
export function writeAtTurnsEnd(write: Task): void {
  writes.push(write);
  plan();
}

function plan(): void {
  if (isPlanned) return;
  isPlanned = true;
  // Both run in the same check phase, and between them all promises that the works resolved.
  setImmediate(runWorks);
  setImmediate(runWrites);
}

function runWorks(): void {
  const due = works;
  works = [];
  for (const work of due) work();
}

function runWrites(): void {
  const due = writes;
  writes = [];
  isPlanned = false;
  // Of those that came after the works had begun.
  if (works.length > 0) plan();
  for (const write of due) write();
}
