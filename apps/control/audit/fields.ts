import { z } from 'zod';
import { identifier, instant } from '#contracts/cloud-event.js';
import { stages } from './record-change.js';

export const auditEntry = z
  .object({
    id: z.string(),
    at: instant,
    actor: z
      .enum(['platform', 'organisation', 'signature'])
      .describe('Whose admin token it was; `signature`: a payment provider.'),
    tokenId: identifier.exactOptional().describe("The admin token's. Absent: the configured token of the platform."),
    action: z.string().describe('The `operationId` of what was called.'),
    organisationId: z.string().exactOptional().describe('Absent: it is about no single organisation.'),
    target: z.record(z.string(), z.string()).describe('What it is about, as the path names it.'),
    stage: z
      .enum(stages)
      .describe(
        'changed: written together with the change. Of a change in another app there are two entries: asked, before; then done, refused, or failed, where it may have happened or not. An `asked` that stays alone may have happened too; a `refused` that stands alone was no valid request.',
      ),
    before: z.unknown().exactOptional(),
    after: z.unknown().exactOptional().describe('What it is now; of `asked`: what was asked for.'),
    requestId: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditColumns = [
  ...['id', 'at', 'actor', 'tokenId', 'action', 'organisationId', 'target', 'stage', 'before', 'after', 'requestId'],
];
