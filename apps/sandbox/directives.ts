import { z } from 'zod';
import { directiveRefused } from './sandbox-error.js';

/** Ten minutes: longer than any client waits, short enough not to leave a forgotten timer. */
const maxDelayMs = 600_000;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .optional();
const tokens = whole(0, 100_000_000);
const name = z.string().min(1).max(256).optional();

/** What a request may tell the sandbox in its `x-sandbox` header. README.md says what each does. */
const directives = z.strictObject({
  status: whole(400, 599),
  'delay-ms': whole(0, maxDelayMs),
  'chunk-delay-ms': whole(0, maxDelayMs),
  'cut-at': whole(0, 100_000_000),
  usage: z.enum(['omit', 'repeat']).optional(),
  'input-tokens': tokens,
  'output-tokens': whole(0, 1_000_000),
  'cached-tokens': tokens,
  'cache-write-5m': tokens,
  'cache-write-1h': tokens,
  'reasoning-tokens': tokens,
  tier: name,
  model: name,
  body: name,
});
export type Directives = z.infer<typeof directives>;

const none: Directives = {};

/**
 * Reads `x-sandbox: delay-ms=500, usage=omit`.
 * @throws SandboxError 400 that names the directive: a test that misspells one must not pass by accident.
 */
export function parseDirectives(header: string | undefined): Directives {
  if (header === undefined || header.trim() === '') return none;
  const given = new Map<string, string>();
  for (const item of header.split(',')) {
    const [key, value] = splitOnce(item.trim(), '=');
    if (value === undefined) throw directiveRefused(`"${key}" has no value: write ${key}=…`);
    if (given.has(key)) throw directiveRefused(`"${key}" is given twice: say it once.`);
    given.set(key, value);
  }
  const parsed = directives.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    throw directiveRefused(`"${issue.keys.join('", "')}" is unknown: use ${Object.keys(directives.shape).join(', ')}.`);
  }
  const key = String(issue?.path[0]);
  throw directiveRefused(`${key}=${given.get(key) ?? ''} is not possible: ${issue?.message ?? 'invalid'}.`);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
