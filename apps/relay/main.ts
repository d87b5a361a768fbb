import cluster from 'node:cluster';
import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { relayConfig } from './relay.config.js';
import { startRelay } from './start-relay.js';
import { startWorkers } from './workers/start-workers.js';

runService('relay', () => {
  const config = loadConfig(relayConfig);
  return config.TOLLGATE_RELAY_WORKERS > 1 && cluster.isPrimary ? startWorkers(config) : startRelay(config);
});
