import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { meteringConfig } from './metering.config.js';
import { startMetering } from './start-metering.js';

runService('metering', () => startMetering(loadConfig(meteringConfig)));
