import { isPortFree } from '#embedded/ports.js';
import { StartFailure } from './start-failure.js';

/** In the order of their ports: the base port is the relay's. */
const listeners = ['relay', 'control', 'sandbox', 'postgres', 'nats'] as const;
export type Listener = (typeof listeners)[number];

export type Ports = Readonly<Record<Listener, number>>;

export const defaultBasePort = 8080;
export const maxBasePort = 65_535 - listeners.length + 1;

export function portsFrom(base: number): Ports {
  const [relay, control, sandbox, postgres, nats] = [base, base + 1, base + 2, base + 3, base + 4];
  return { relay, control, sandbox, postgres, nats };
}

/**
 * @param needed false for a listener that is not started here.
 * @throws StartFailure naming every port that something else listens on.
 */
export async function requireFreePorts(ports: Ports, needed: Partial<Record<Listener, boolean>> = {}): Promise<void> {
  const taken: string[] = [];
  for (const listener of listeners) {
    if (needed[listener] !== false && !(await isPortFree(ports[listener])))
      taken.push(`${ports[listener]} (for ${listener})`);
  }
  if (taken.length === 0) return;
  throw new StartFailure(
    `Another program listens on port ${taken.join(' and on ')}: stop it, or use five other ports in a row with --port N (the relay's; now ${ports.relay}).`,
  );
}

export const urlOf = (port: number) => `http://127.0.0.1:${port}`;
