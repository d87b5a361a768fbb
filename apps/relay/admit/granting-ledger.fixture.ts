import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { z } from 'zod';
import { lease, renewLease, settleLease } from '#contracts/requests/leases.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';

const LIMIT = { kind: 'wallet', wallet: 'default' } as const;

/** Answers for leases where no ledger runs: one wallet for every path, which is never written down. */
export class GrantingLedger {
  /** Neither spent nor leased. */
  left: Pico;
  /** What each lease holds, and from its settlement on what it came to. */
  readonly leases = new Map<string, Pico>();
  /** Their money is there for others, as when nobody has renewed them in time. */
  readonly #expired = new Set<string>();
  readonly #answers = new Map<string, object>();
  readonly #subscriptions: Subscription[] = [];

  constructor(
    private readonly connection: NatsConnection,
    filled: string,
  ) {
    this.left = parseAmount(filled);
    this.start();
  }

  start(): void {
    this.#answer(lease, ({ leaseId, amount, least }) => {
      const granted = this.#take(leaseId, amount, least ?? amount);
      if (granted === 0n) return { status: 'refused', limit: LIMIT, reason: 'It is empty.' };
      const limited = granted < parseAmount(amount) && { limitedBy: LIMIT };
      return { status: 'granted', amount: formatAmount(granted), expiresAt: later(), ...limited };
    });
    this.#answer(renewLease, ({ leaseId, amount, least }) => {
      if (this.#expired.has(leaseId)) return { status: 'ended', reason: 'expired' };
      const added = amount === undefined ? 0n : this.#take(leaseId, amount, least ?? amount);
      const held = formatAmount(this.leases.get(leaseId) ?? 0n);
      const limited = amount !== undefined && added < parseAmount(amount) && { limitedBy: LIMIT };
      return { status: 'renewed', added: formatAmount(added), held, expiresAt: later(), ...limited };
    });
    this.#answer(settleLease, ({ leaseId, total }) => {
      const released = (this.leases.get(leaseId) ?? 0n) - parseAmount(total);
      this.leases.set(leaseId, parseAmount(total));
      this.left += released;
      return { released: formatAmount(released), held: '0', expiresAt: later() };
    });
  }

  expire(leaseId: string): void {
    this.left += this.leases.get(leaseId) ?? 0n;
    this.leases.delete(leaseId);
    this.#expired.add(leaseId);
  }

  /** From now on nobody answers. */
  stop(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
  }

  #take(leaseId: string, amount: string, least: string): Pico {
    const careful = higher(parseAmount(least), this.left / 8n);
    const granted = lower(parseAmount(amount), lower(careful, this.left));
    this.left -= granted;
    if (granted > 0n) this.leases.set(leaseId, (this.leases.get(leaseId) ?? 0n) + granted);
    return granted;
  }

  #answer<Request extends z.ZodType>(
    { subject, request }: { readonly subject: string; readonly request: Request },
    work: (asked: z.output<Request>) => object,
  ): void {
    const callback = (_: Error | null, message: { json(): unknown; respond(body: string): boolean }) => {
      const asked = request.parse(message.json());
      const name = `${subject} ${JSON.stringify(asked)}`;
      const known = this.#answers.get(name);
      const answer = known ?? work(asked);
      this.#answers.set(name, answer);
      message.respond(JSON.stringify({ ...answer, repeated: known !== undefined }));
    };
    this.#subscriptions.push(this.connection.subscribe(subject, { callback }));
  }
}

const later = () => new Date(Date.now() + 300_000).toISOString();
const lower = (one: Pico, other: Pico): Pico => (one < other ? one : other);
const higher = (one: Pico, other: Pico): Pico => (one > other ? one : other);
