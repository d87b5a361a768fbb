import { open } from 'node:fs/promises';
import { type LedgerHead, ledgerHead } from '#contracts/ledger-head.js';

/** A file of heads that cannot be used. The message names it and says why. */
export class HeadFileFailure extends Error {}

/**
 * Published heads that somebody kept: a head in JSON per line, such as the messages of LEDGER_HEADS.
 * @throws HeadFileFailure
 */
export async function* readHeadFile(file: string): AsyncGenerator<LedgerHead> {
  let number = 0;
  try {
    const handle = await open(file);
    for await (const line of handle.readLines()) {
      number += 1;
      if (line.trim() !== '') yield ledgerHead.parse(JSON.parse(line));
    }
  } catch (error) {
    const where =
      number === 0 ? 'it cannot be read' : `line ${number} is not {"height", "hash", "sealedAt"} as published`;
    throw new HeadFileFailure(`${file}: ${where}.`, { cause: error });
  }
}
