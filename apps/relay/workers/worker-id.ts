/** Each worker accounts for itself, as a relay of its own. The first keeps the relay's name: alone, it is the relay. */
export function workerId(relayId: string, number: number): string {
  return number === 1 ? relayId : `${relayId}_w${number}`;
}

/** Which worker of the relay has this name. @returns undefined when none has: it is another relay's. */
export function workerNumber(relayId: string, id: string): number | undefined {
  if (id === relayId) return 1;
  const number = Number(/_w([1-9]\d{0,2})$/.exec(id)?.[1]);
  return number > 1 && id === workerId(relayId, number) ? number : undefined;
}
