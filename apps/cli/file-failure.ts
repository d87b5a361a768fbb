/** A file that cannot be used. The message names it, and says why and what to do. */
export class FileFailure extends Error {
  constructor(file: string, why: string, options?: ErrorOptions) {
    super(`${file === '-' ? 'Standard input' : file}: ${why}`, options);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  EISDIR: 'this is a directory: name the files in it.',
  EACCES: 'you may not read it.',
};

/** @param error what reading a file threw. */
export function asFileFailure(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  return new FileFailure(file, reasons[code] ?? `it cannot be read (${error.message}).`, { cause: error });
}
