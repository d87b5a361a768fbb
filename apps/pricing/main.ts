import { loadConfig } from '#config/config.js';
import { runService } from '#service/run-service.js';
import { pricingConfig } from './pricing.config.js';
import { startPricing } from './start-pricing.js';

runService('pricing', () => startPricing(loadConfig(pricingConfig)));
