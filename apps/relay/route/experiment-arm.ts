import { hashedNumber } from './affinity.js';
import type { Experiment } from './routes-file.js';

export type Arm = Experiment['arms'][number];

/** @param random of [0, 1). */
export function chooseArm({ name, unit, arms }: Experiment, keyId: string, random: () => number): Arm {
  const drawn = unit === 'key' ? hashedNumber(`${name} ${keyId}`) : random();
  let left = drawn * arms.reduce((sum, { weight }) => sum + weight, 0);
  // The last one also where rounding leaves a rest.
  return arms.find(({ weight }) => (left -= weight) < 0) ?? arms.at(-1)!;
}
