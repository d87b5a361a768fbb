import type { z } from 'zod';

/** The environment is wrong: one sentence per variable, none of which shows a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Issue = z.core.$ZodIssue;

/**
 * Reads and validates the environment once. The only reader of `process.env`.
 * An empty variable counts as a missing one: that is what `NAME=` in an env file means. A field with the meta
 * `emptyIsWrong` is validated as it is instead.
 * @throws ConfigError with one sentence per wrong or missing variable. What to set is the field's `.describe()`.
 */
export function loadConfig<Schema extends z.ZodObject>(schema: Schema): z.infer<Schema> {
  // eslint-disable-next-line no-restricted-properties -- the one place that may
  return parseConfig(schema, process.env);
}

export function parseConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => value !== undefined && (value !== '' || emptyIsWrong(schema, name)),
    ),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => sentence(schema, issue, given)).join('\n'));
}

const emptyIsWrong = (schema: z.ZodObject, name: string) =>
  (schema.shape[name] as z.ZodType | undefined)?.meta()?.['emptyIsWrong'] === true;

function sentence(schema: z.ZodObject, issue: Issue, given: Record<string, unknown>): string {
  const name = String(issue.path[0] ?? '');
  // A rule about several variables names them itself.
  if (name === '') return issue.message;
  const field = schema.shape[name] as z.ZodType | undefined;
  const description = field?.description;
  const whatToSet = description === undefined ? '' : ` Set it to ${description}.`;
  if (given[name] === undefined) return `${name} is missing.${whatToSet}`;
  return `${name} is wrong: ${issue.message.replace(/\.$/, '')}.${whatToSet}`;
}
