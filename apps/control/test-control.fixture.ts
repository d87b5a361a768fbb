import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { type TestDatabase, testDatabase } from '#testing/database.js';
import { type TestNats, testNats } from '#testing/nats.js';
import type { ControlConfig } from './control.config.js';
import { startControl } from './start-control.js';

export const platformToken = 'platform-token-of-the-tests';
export const pepper = 'pepper-of-the-tests-which-is-32-long';

/** 32 bytes in base64. */
export const secretsKeyOfTests = Buffer.alloc(32, 7).toString('base64');

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, to be looked into by the test. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Call {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The app on engines of its own, called over HTTP as a client would. */
export class TestControl {
  #relay: NatsConnection | undefined;

  private constructor(
    readonly nats: TestNats,
    readonly database: TestDatabase,
    private readonly settings: Partial<ControlConfig>,
    public app: NestFastifyApplication,
  ) {}

  static async start(settings: Partial<ControlConfig> = {}): Promise<TestControl> {
    const [nats, database] = await Promise.all([testNats(), testDatabase()]);
    return TestControl.startOn(nats, database, settings);
  }

  static async startOn(nats: TestNats, database: TestDatabase, settings: Partial<ControlConfig>): Promise<TestControl> {
    const app = await startControl(configFor(nats, database, settings));
    return new TestControl(nats, database, settings, app);
  }

  async restart(): Promise<void> {
    await this.app.close();
    this.app = await startControl(configFor(this.nats, this.database, this.settings));
  }

  /** A bucket as the relays see it, over a connection of their own that outlives any outage. */
  async bucket(name: string): Promise<KV> {
    const outages = { maxReconnectAttempts: -1, reconnectTimeWait: 50 };
    this.#relay ??= await connect({ servers: this.nats.url, ...outages });
    return new Kvm(jetstream(this.#relay)).open(name);
  }

  async stop(): Promise<void> {
    await this.#relay?.close();
    await this.app.close();
    await this.nats.stop();
    await this.database.drop();
  }

  async call(route: string, { token = platformToken, body, headers = {} }: Call = {}): Promise<Answer> {
    const [method = '', path = ''] = route.split(' ');
    const response = await fetch((await this.app.getUrl()) + path, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  /** Calls, and fails the test unless all is well. */
  async did(route: string, call: Call = {}): Promise<Answer['body']> {
    const answer = await this.call(route, call);
    if (answer.status >= 300) throw new Error(`${route} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  /** An organisation with team `search`, project `web` and a token of its own. */
  async organisation(id: string): Promise<string> {
    await this.did('POST /v1/organisations', { body: { id, name: `Organisation ${id}` } });
    await this.did(`POST /v1/organisations/${id}/teams`, { body: { id: 'search', name: 'Search' } });
    await this.did(`POST /v1/organisations/${id}/projects`, { body: { id: 'web', teamId: 'search', name: 'Web' } });
    const { token } = await this.did('POST /v1/admin-tokens', { body: { organisationId: id, name: `Token of ${id}` } });
    return String(token);
  }

  async document(): Promise<OpenAPIObject> {
    return (await this.did('GET /openapi.json')) as unknown as OpenAPIObject;
  }
}

function configFor(nats: TestNats, database: TestDatabase, settings: Partial<ControlConfig>): ControlConfig {
  return {
    NATS_URL: nats.url,
    TOLLGATE_NATS_REPLICAS: 1,
    DATABASE_URL: database.url,
    TOLLGATE_KEY_PEPPER: pepper,
    TOLLGATE_ADMIN_TOKEN: platformToken,
    TOLLGATE_DEMO_KEY: undefined,
    TOLLGATE_STRIPE_WEBHOOK_SECRET: undefined,
    TOLLGATE_PAYMENT_WEBHOOK_SECRET: undefined,
    TOLLGATE_SECRETS_KEY: secretsKeyOfTests,
    TOLLGATE_TRUSTED_PROXIES: [],
    TOLLGATE_HOST: '127.0.0.1',
    PORT: 0,
    TOLLGATE_LOG_LEVEL: 'error',
    ...settings,
  };
}
