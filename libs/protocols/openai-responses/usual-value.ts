import type { Members } from '../chat/members.js';

/** Tells a member as a loss unless it says what happens without it anyway. */
export function loseUnless(usual: unknown, members: Members, name: string, reason: string): void {
  if (isUnusual(usual, members.value(name))) members.losses.add(members.pathOf(name), reason);
}

/** The same for a member without which the answer is the same. */
export function hintUnless(usual: unknown, members: Members, name: string, reason: string): void {
  if (isUnusual(usual, members.value(name))) members.losses.hint(members.pathOf(name), reason);
}

function isUnusual(usual: unknown, value: unknown): boolean {
  return value !== undefined && value !== usual;
}
