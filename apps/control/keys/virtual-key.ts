import { z } from 'zod';
import { identifier, instant } from '#contracts/cloud-event.js';
import { credential, expiry, showCredential } from '../access/credential.js';
import { chosenId, displayName } from '../organisations/fields.js';
import type { VirtualKey } from './virtual-key.entity.js';

export const virtualKey = z
  .object({
    id: identifier,
    organisationId: identifier,
    projectId: identifier,
    name: z.string().exactOptional(),
    ...credential.shape,
  })
  .meta({ id: 'Key' });

export const issuedKey = virtualKey
  .extend({ key: z.string().describe('The key itself. It is shown this once and stored nowhere.') })
  .meta({ id: 'IssuedKey' });

export const rotatedKey = issuedKey
  .extend({ graceUntil: instant.describe('Until then the secret that it had is valid too.') })
  .meta({ id: 'RotatedKey' });

const daySeconds = 86_400;

export const newRotation = z
  .strictObject({
    graceSeconds: z
      .number()
      .int()
      .min(0)
      .max(90 * daySeconds)
      .default(daySeconds)
      .describe('How long the secret that it has stays valid: 0 when it has leaked.'),
  })
  .meta({ id: 'NewRotation' });

export const newKey = z
  .strictObject({ id: chosenId, projectId: identifier, name: displayName.exactOptional(), expiresAt: expiry })
  .meta({ id: 'NewKey' });

export function showKey(key: VirtualKey): z.infer<typeof virtualKey> {
  const { id, organisationId, projectId, name } = key;
  return { id, organisationId, projectId, ...(name === null ? {} : { name }), ...showCredential(key) };
}
