import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { setTimeout as delay } from 'node:timers/promises';
import { connectNats } from './connect.js';
import { JetStreamStrategy } from './jetstream.strategy.js';
import { ensureTopology } from './topology.js';

export const NATS_CONNECTION = Symbol('NATS_CONNECTION');
export const JETSTREAM = Symbol('JETSTREAM');

/** An answer of the server's to what is left to send. A relay's own drain takes eight of an app's ten seconds. */
const MAX_DRAIN_MS = 1_000;

export interface JetStreamModuleOptions {
  readonly servers: string;
  /** The app's name: of its connection, and of the queue group in which its instances share questions. */
  readonly name: string;
  readonly replicas?: number;
}

/** Connects the app to NATS, makes sure of streams and buckets, and closes the connection last of all. */
@Module({})
export class JetStreamModule implements OnApplicationShutdown {
  constructor(@Inject(NATS_CONNECTION) private readonly connection: NatsConnection) {}

  static forRoot(o: JetStreamModuleOptions): DynamicModule {
    return {
      module: JetStreamModule,
      global: true,
      providers: [
        { provide: NATS_CONNECTION, useFactory: () => connect(o) },
        {
          provide: JETSTREAM,
          inject: [NATS_CONNECTION],
          useFactory: (connection: NatsConnection) => jetstream(connection),
        },
        {
          provide: JetStreamStrategy,
          inject: [NATS_CONNECTION],
          useFactory: (connection: NatsConnection) => new JetStreamStrategy({ connection, app: o.name }),
        },
      ],
      exports: [NATS_CONNECTION, JETSTREAM, JetStreamStrategy],
    };
  }

  // Nest closes transports before this hook, so handlers that still run can publish and acknowledge.
  async onApplicationShutdown(): Promise<void> {
    // Without a server there is nothing to drain into, and one that hangs would keep us until we are ended as stuck: what was
    // not acknowledged is delivered again.
    const drained = this.connection.drain().catch(() => undefined);
    await Promise.race([drained, delay(MAX_DRAIN_MS, undefined, { ref: false })]);
    await this.connection.close();
  }
}

async function connect(o: JetStreamModuleOptions): Promise<NatsConnection> {
  const connection = await connectNats(o);
  await ensureTopology(connection, o.replicas === undefined ? {} : { replicas: o.replicas });
  return connection;
}

/** For `NestFactory.createMicroservice(AppModule, { ...jetStreamTransport, logger })` and `app.connectMicroservice(jetStreamTransport)`. */
export const jetStreamTransport: AsyncMicroserviceOptions = {
  inject: [JetStreamStrategy],
  useFactory: (strategy: JetStreamStrategy) => ({ strategy }),
};
