import { readFileSync } from 'node:fs';
import { ConfigError } from './config.js';
import { KEY_BYTES, secretsKey, type SecretsKey } from './seal-secret.js';

/** What control and every relay have of these two variables. */
export interface SecretsKeySettings {
  readonly TOLLGATE_SECRETS_KEY?: string | undefined;
  readonly TOLLGATE_SECRETS_KEY_FILE?: string | undefined;
}

/**
 * The keys that seal secrets at rest, from the environment or a file: each 32 bytes in base64, separated by commas or
 * lines. The first one seals; the others open what was sealed before it took their place.
 * @returns an empty list when neither variable is set.
 * @throws ConfigError that shows no key.
 */
export function readSecretsKeys(settings: SecretsKeySettings): readonly SecretsKey[] {
  const { TOLLGATE_SECRETS_KEY: given, TOLLGATE_SECRETS_KEY_FILE: file } = settings;
  if (given !== undefined && file !== undefined) {
    throw new ConfigError('Set one of TOLLGATE_SECRETS_KEY and TOLLGATE_SECRETS_KEY_FILE, not both.');
  }
  const variable = file === undefined ? 'TOLLGATE_SECRETS_KEY' : 'TOLLGATE_SECRETS_KEY_FILE';
  const text = file === undefined ? given : readKeyFile(file);
  if (text === undefined) return [];
  const keys = text.split(/[,\s]+/).filter((key) => key !== '');
  if (keys.length === 0) throw new ConfigError(`${variable} holds no key: ${WHAT_TO_SET}`);
  return keys.map((key) => {
    const bytes = /^[A-Za-z0-9+/]+=*$/.test(key) ? Buffer.from(key, 'base64') : Buffer.alloc(0);
    if (bytes.length !== KEY_BYTES) throw new ConfigError(`${variable} is wrong: ${WHAT_TO_SET}`);
    return secretsKey(bytes);
  });
}

const WHAT_TO_SET = `a key is ${KEY_BYTES} random bytes in base64, as openssl rand -base64 ${KEY_BYTES} prints them.`;

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`The file ${path} (TOLLGATE_SECRETS_KEY_FILE) cannot be read.`, { cause: error });
  }
}
