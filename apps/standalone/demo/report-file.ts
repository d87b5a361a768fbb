import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DemoFailure } from './demo-failure.js';

/**
 * Found before anything is started: an hour of replaying should not end without its report.
 * @throws DemoFailure when a file cannot be written there.
 */
export async function checkReportPath(path: string): Promise<void> {
  const folder = dirname(path);
  const refuse = (why: string) => {
    throw new DemoFailure(`The report cannot be written to ${path}: ${why}`);
  };
  const [target, parent] = await Promise.all([statOf(path), statOf(folder)]);
  if (target?.isDirectory() === true) refuse('it is a folder. Name a file in it.');
  if (parent?.isDirectory() !== true) refuse(`there is no folder ${folder}. Create it first.`);
  await access(target === undefined ? folder : path, constants.W_OK).catch(() => refuse('it is not writable.'));
}

async function statOf(path: string) {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}
