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
  /** Σ mod 2⁶⁴ over the ids: equal for equal sets of events, whatever their order. */
  readonly idHash: bigint;
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

export function addEvent(cells: Cells, { scope, eventId, status, quantity, money }: LoggedEvent): void {
  addCell(cells, { scope, status, count: 1, idHash: idHash(eventId), quantity, ...ifKnown(money) });
}

/** The first 8 bytes of SHA-256(event id), big-endian and unsigned. */
export function idHash(eventId: string): bigint {
  return createHash('sha256').update(eventId).digest().readBigUInt64BE(0);
}

export function sameSums(one: Cell, other: Cell): boolean {
  return (
    one.count === other.count &&
    one.idHash === other.idHash &&
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
    idHash: BigInt(sums.idHash),
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
    idHash: BigInt.asUintN(64, one.idHash + other.idHash),
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
