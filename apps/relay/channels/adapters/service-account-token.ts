import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '#usage/json.js';
import type { CredentialSource } from '../adapter.js';

const serviceAccount = z.object({
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().exactOptional(),
  token_uri: z.url(),
});

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_SECONDS = 3600;
/** Long enough for a token endpoint that is away for a while. */
const RENEW_AHEAD_MS = 300_000;
const RETRY_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * The access token of a Google service account, renewed ahead of its end for as long as it is open.
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 */
export class ServiceAccountToken implements CredentialSource {
  readonly #account: Omit<z.infer<typeof serviceAccount>, 'private_key'> & { readonly key: KeyObject };
  readonly #closed = new AbortController();
  #token: { readonly value: string; readonly endsAtMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    secret: string,
    private readonly complain: (sentence: string, error?: unknown) => void,
  ) {
    const parsed = serviceAccount.safeParse(parseJson(Buffer.from(secret)));
    if (!parsed.success) {
      throw new Error('its secret is no JSON key of a service account: client_email, private_key and token_uri.');
    }
    const { private_key: pem, ...account } = parsed.data;
    this.#account = { ...account, key: readKey(pem) };
    void this.#renew();
  }

  current(): string | undefined {
    return this.#token !== undefined && Date.now() < this.#token.endsAtMs ? this.#token.value : undefined;
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<void> {
    let waitMs = RETRY_MS;
    try {
      const { access_token: value, expires_in: seconds } = await this.#ask();
      this.#token = { value, endsAtMs: Date.now() + seconds * 1000 };
      waitMs = Math.max(RETRY_MS, seconds * 1000 - RENEW_AHEAD_MS);
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.complain(`No access token for ${this.#account.client_email}: asked again in ${RETRY_MS / 1000} s.`, error);
    }
    if (this.#closed.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#renew(), waitMs).unref();
  }

  async #ask(): Promise<z.infer<typeof tokenAnswer>> {
    const response = await fetch(this.#account.token_uri, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: GRANT_TYPE, assertion: this.#assertion(Date.now()) }),
      signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    if (!response.ok) throw new Error(`The token endpoint answered ${response.status}.`);
    return tokenAnswer.parse(await response.json());
  }

  /** RFC 7523: a JSON Web Token that the account signs with its key. */
  #assertion(nowMs: number): string {
    const { client_email: iss, private_key_id: kid, token_uri: aud, key } = this.#account;
    const iat = Math.floor(nowMs / 1000);
    const parts = [
      { alg: 'RS256', typ: 'JWT', ...(kid !== undefined && { kid }) },
      { iss, aud, scope: SCOPE, iat, exp: iat + ASSERTION_SECONDS },
    ];
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // What went wrong with a key may tell of the key.
    throw new Error('its service account has a private_key that is no key in PEM.');
  }
}
