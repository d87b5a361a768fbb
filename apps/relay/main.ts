import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { relayConfig } from './relay.config.js';
import { startRelay } from './start-relay.js';

runService('relay', () => startRelay(loadConfig(relayConfig)));
