import { createHmac } from 'node:crypto';

/**
 * The only form in which a virtual key is stored or compared: HMAC-SHA-256 in hex of the WHOLE key under the
 * deployment's pepper. A prefix would let one key pass for another, and without the pepper a stolen directory could
 * be searched offline.
 */
export function hashKey(key: string, pepper: string): string {
  return createHmac('sha256', pepper).update(key).digest('hex');
}
