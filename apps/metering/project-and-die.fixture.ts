import { readFile } from 'node:fs/promises';
import { connectClickHouse } from '#clickhouse/connect.js';
import { migrateClickHouse } from '#clickhouse/migrate.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import { chargeOf } from './metering.fixture.js';
import { projectCharges } from './project-charges.js';
import { projectUsage } from './project-usage.js';

// Stores a file of deliveries in a directory and dies before anyone can acknowledge them.
const [, , directory = '', file = ''] = process.argv;
const deliveries = JSON.parse(await readFile(file, 'utf8')) as Delivered<UsageEvent>[];
const clickhouse = connectClickHouse({ directory });
await migrateClickHouse(clickhouse);
await projectUsage(clickhouse, deliveries);
await projectCharges(clickhouse, deliveries.map(chargeOf));
process.kill(process.pid, 'SIGKILL');
