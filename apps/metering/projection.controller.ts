import { Controller, Inject } from '@nestjs/common';
import type { ClickHouse } from '#clickhouse/connect.js';
import type { ChargeEvent } from '#contracts/charge.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { ConsumesEvents, type Delivered } from '#jetstream/handlers.js';
import { CLICKHOUSE } from './clickhouse.module.js';
import { projectCharges } from './project-charges.js';
import { projectUsage } from './project-usage.js';

/** Nothing is rejected here: what the ledger quarantines is left out, and what was accepted is stored. */
@Controller()
export class ProjectionController {
  constructor(@Inject(CLICKHOUSE) private readonly clickhouse: ClickHouse) {}

  @ConsumesEvents({ stream: 'usage', consumer: 'metering-usage', maxEvents: 5000, maxWaitMs: 100 })
  async usage(deliveries: readonly Delivered<UsageEvent>[]): Promise<readonly never[]> {
    await projectUsage(this.clickhouse, deliveries);
    return [];
  }

  @ConsumesEvents({ stream: 'charges', consumer: 'metering-charges', maxEvents: 5000, maxWaitMs: 100 })
  async charges(deliveries: readonly Delivered<ChargeEvent>[]): Promise<readonly never[]> {
    await projectCharges(this.clickhouse, deliveries);
    return [];
  }
}
