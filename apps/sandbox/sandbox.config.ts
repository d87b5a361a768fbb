import { z } from 'zod';
import { host, logLevel, port } from '#config/settings.js';

export const sandboxConfig = z.object({
  TOLLGATE_HOST: host,
  PORT: port.default(8082),
  TOLLGATE_LOG_LEVEL: logLevel,
  TOLLGATE_SANDBOX_BODIES: z.string().optional().describe('a folder of recorded bodies, for x-sandbox: body=NAME'),
});
export type SandboxConfig = z.infer<typeof sandboxConfig>;
