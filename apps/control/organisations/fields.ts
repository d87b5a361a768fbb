import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';

/** What people call a thing. Control characters would garble lists and cannot all be stored. */
export const displayName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');

/** Lets a client choose an id of its own, such as `search`; otherwise one is generated. */
export const chosenId = identifier.exactOptional();

export const organisationPath = z.object({ org: identifier });
export type OrganisationPath = z.infer<typeof organisationPath>;
