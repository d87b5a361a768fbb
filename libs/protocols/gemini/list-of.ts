import type { Members } from '../chat/members.js';

/** The objects of a list. Google's JSON takes a single object for a list of one, and its documentation shows such bodies. */
export function listOf(members: Members, name: string): Members[] {
  const value = members.value(name);
  if (value === undefined || Array.isArray(value)) return members.objects(name);
  const single = members.object(name);
  return single === undefined ? [] : [single];
}
