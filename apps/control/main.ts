import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { controlConfig } from './control.config.js';
import { startControl } from './start-control.js';

runService('control', () => startControl(loadConfig(controlConfig)));
