import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { ledgerConfig } from './ledger.config.js';
import { startLedger } from './start-ledger.js';

runService('ledger', () => startLedger(loadConfig(ledgerConfig)));
