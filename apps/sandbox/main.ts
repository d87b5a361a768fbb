import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { sandboxConfig } from './sandbox.config.js';
import { startSandbox } from './start-sandbox.js';

runService('sandbox', () => startSandbox(loadConfig(sandboxConfig)));
