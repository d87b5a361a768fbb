import { getRandomValues } from 'node:crypto';
import { V7Generator } from 'uuidv7';

/** A request has two ids, and to ask the system for each one's randomness costs more than all else about it. */
const drawn = new Uint32Array(1024);
let next = drawn.length;

const ids = new V7Generator({
  nextUint32() {
    if (next === drawn.length) {
      getRandomValues(drawn);
      next = 0;
    }
    return drawn[next++]!;
  },
});

/** A UUIDv7: unique, and later ones sort after earlier ones. */
export function newId(): string {
  return ids.generate().toString();
}
