import { createHash } from 'node:crypto';
import type { ReconciliationCell, ReconciliationEvent } from '#contracts/requests/reconciliation.js';
import { type Currency, parseAmount, type Pico } from '#money/pico.js';

/** What is compared as one, and drilled down when it differs. */
export interface Scope {
  readonly orgId: string;
  /** Start of the UTC hour. */
  readonly hour: string;
  readonly model: string;
}

type Status = ReconciliationCell['status'];

/** Of charged events only. */
export interface Money {
  readonly currency: Currency;
  readonly amount: Pico;
  readonly cost: Pico;
}

/** One event as the log or a source holds it. */
export interface HeldEvent {
  readonly eventId: string;
  readonly usageHash: string;
  readonly status: Status;
  readonly quantity: bigint;
  readonly money?: Money;
}

export interface LoggedEvent extends HeldEvent {
  readonly scope: Scope;
}

/** Sums over the events of a scope that share status and currency. */
export interface Cell {
  readonly scope: Scope;
  readonly status: Status;
  readonly count: number;
  /** Σ mod 2⁶⁴ over the events: equal for equal sets of equal events, whatever their order. */
  readonly contentHash: bigint;
  readonly quantity: bigint;
  readonly money?: Money;
}

/** By `cellName`. */
export type Cells = Map<string, Cell>;

export const scopeName = ({ orgId, hour, model }: Scope) => `${orgId} ${hour} ${model}`;
const cellName = ({ scope, status, money }: Cell) => `${status} ${money?.currency ?? '-'} ${scopeName(scope)}`;

export function addCell(cells: Cells, cell: Cell): void {
  const name = cellName(cell);
  const sum = cells.get(name);
  cells.set(name, sum === undefined ? cell : addUp(sum, cell));
}

export function addEvent(cells: Cells, event: LoggedEvent): void {
  const { scope, status, quantity, money } = event;
  addCell(cells, { scope, status, count: 1, contentHash: contentHash(event), quantity, ...ifKnown(money) });
}

/** As the contract's cell defines it, of one event. */
export function contentHash({ eventId, usageHash, quantity, money }: HeldEvent): bigint {
  const content = `${eventId} ${usageHash} ${quantity} ${money?.amount ?? ''} ${money?.cost ?? ''}`;
  return createHash('sha256').update(content).digest().readBigUInt64BE(0);
}

export function sameSums(one: Cell, other: Cell): boolean {
  return (
    one.count === other.count &&
    one.contentHash === other.contentHash &&
    one.quantity === other.quantity &&
    one.money?.amount === other.money?.amount &&
    one.money?.cost === other.money?.cost
  );
}

export function parseCell({ orgId, hour, model, status, count, ...sums }: ReconciliationCell): Cell {
  return {
    scope: { orgId, hour: new Date(hour).toISOString(), model },
    status,
    count,
    contentHash: BigInt(sums.contentHash),
    quantity: BigInt(sums.quantity),
    ...ifKnown(parseMoney(sums)),
  };
}

export function parseEvent({ eventId, usageHash, status, quantity, ...money }: ReconciliationEvent): HeldEvent {
  return { eventId, usageHash, status, quantity: BigInt(quantity), ...ifKnown(parseMoney(money)) };
}

function parseMoney({ currency, amount, cost }: Pick<ReconciliationEvent, 'currency' | 'amount' | 'cost'>) {
  if (currency === undefined || amount === undefined || cost === undefined) return undefined;
  return { currency, amount: parseAmount(amount), cost: parseAmount(cost) };
}

function addUp(one: Cell, other: Cell): Cell {
  return {
    ...one,
    count: one.count + other.count,
    contentHash: BigInt.asUintN(64, one.contentHash + other.contentHash),
    quantity: one.quantity + other.quantity,
    ...(one.money === undefined || other.money === undefined
      ? {}
      : {
          money: {
            currency: one.money.currency,
            amount: one.money.amount + other.money.amount,
            cost: one.money.cost + other.money.cost,
          },
        }),
  };
}

function ifKnown(money: Money | undefined): { money?: Money } {
  return money === undefined ? {} : { money };
}
