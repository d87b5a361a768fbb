import type { Members } from '../chat/members.js';

/** Tells one member as a loss, with a better reason than that nobody knows it; nothing when it is absent. */
export function tell(members: Members, name: string, reason: string): void {
  if (members.value(name) !== undefined) members.losses.add(members.pathOf(name), reason);
}

/** Tells every member that was not read so far as a loss. */
export function tellRest(members: Members, reason: string): void {
  for (const name of [...members.unread()]) tell(members, name, reason);
}
