import { objectsIn, type JsonObject } from '#usage/json.js';

/**
 * The message of an error that has no envelope: gateways, proxies and servers of every protocol have `message`, `detail`
 * (FastAPI, also as a list of flaws) or the words themselves under `error`. undefined when the body is none.
 */
export function bareError({ error, message, detail }: JsonObject): string | undefined {
  const words = [error, message, detail].find((one) => typeof one === 'string');
  if (typeof words === 'string') return words;
  const flaws = objectsIn(detail).flatMap(({ msg }) => (typeof msg === 'string' ? [msg] : []));
  return flaws.length === 0 ? undefined : flaws.join('; ');
}
