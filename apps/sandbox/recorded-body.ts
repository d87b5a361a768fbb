import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { directiveRefused } from './sandbox-error.js';

export interface RecordedBody {
  readonly contentType: string;
  /** One per server-sent event; a single one for every other kind. */
  readonly chunks: readonly (string | Uint8Array)[];
}

const contentTypes: Readonly<Record<string, string>> = {
  '.sse': 'text/event-stream; charset=utf-8',
  '.json': 'application/json',
  '.bin': 'application/vnd.amazon.eventstream',
};

/**
 * Reads a recorded answer.
 * @param name a path inside the folder, such as `sse/openai-chat/one.sse`.
 * @throws SandboxError 404 when it is not there, and when it is outside of the folder: who asks learns no difference.
 */
export async function readRecordedBody(folder: string | undefined, name: string): Promise<RecordedBody> {
  if (folder === undefined) {
    throw directiveRefused(`body=${name} needs a folder: start the sandbox with TOLLGATE_SANDBOX_BODIES.`);
  }
  const contentType = contentTypes[extname(name)];
  if (contentType === undefined) throw directiveRefused(`body=${name} has an unknown kind: use .sse, .json or .bin.`);
  const path = await pathInside(folder, name);
  if (path === undefined) throw directiveRefused(`body=${name} is not in the folder TOLLGATE_SANDBOX_BODIES.`, 404);
  const bytes = await readFile(path);
  return { contentType, chunks: extname(name) === '.sse' ? splitEvents(bytes) : [bytes] };
}

/** Latin-1 maps bytes to characters and back one by one, so that a recording is served as it is, valid UTF-8 or not. */
function splitEvents(bytes: Buffer): Buffer[] {
  const events = bytes.toString('latin1').split(/(?<=\n\r?\n)/);
  return events.map((event) => Buffer.from(event, 'latin1'));
}

/** Symbolic links are followed first: one that leads out of the folder is outside of it. */
async function pathInside(folder: string, name: string): Promise<string | undefined> {
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, name))]);
    return path.startsWith(root + sep) ? path : undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
