import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { reconciliationConfig } from './reconciliation.config.js';
import { startReconciliation } from './start-reconciliation.js';

runService('reconciliation', () => startReconciliation(loadConfig(reconciliationConfig)));
