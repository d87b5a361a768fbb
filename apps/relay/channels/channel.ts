import { type z } from 'zod';
import type { publishedChannel } from '#contracts/channel.js';
import type { UsageApi } from '#usage/usage-api.js';
import type { ChannelAdapter, ChannelSettings, CredentialSource, OpenCredential } from './adapter.js';

/** A channel as it is described, wherever that is. */
type DescribedChannel = Omit<z.infer<typeof publishedChannel>, 'secret'>;

/** An upstream account or gateway: where requests for its models go, and under which names. */
export interface Channel extends Pick<
  DescribedChannel,
  'id' | 'organisation' | 'region' | 'timeouts' | 'healthCheck' | 'whenClientLeaves'
> {
  /** By whose prices and rules its usage counts. */
  readonly provider: string;
  readonly adapter: ChannelAdapter;
  readonly origin: string;
  /** The base URL's own path, without a slash at its end. */
  readonly basePath: string;
  /** The clients' names of its models, each with the upstream's. */
  readonly models: ReadonlyMap<string, string>;
  /** In the adapter's order, which is from the most native to the least. */
  readonly apis: readonly UsageApi[];
  /** Channels of the highest priority are tried first. */
  readonly priority: number;
  /** Its share among channels of the same priority. */
  readonly weight: number;
  readonly settings: ChannelSettings;
  /** Absent for an upstream that asks for none. */
  readonly credential?: CredentialSource;
}

/** What keeps a channel from being opened, in a sentence that shows no secret. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
}

export interface ChannelParts {
  readonly adapter: ChannelAdapter;
  readonly secret?: string | undefined;
  readonly complain: Parameters<OpenCredential>[2];
}

interface CredentialParts extends Omit<ChannelParts, 'secret'> {
  readonly settings: ChannelSettings;
}

/** @throws ChannelError when the adapter needs something that the description does not have. */
export function openChannel(described: DescribedChannel, { adapter, secret, complain }: ChannelParts): Channel {
  const { id, organisation, region, timeouts, healthCheck, whenClientLeaves } = described;
  const settings = readSettings(described, adapter);
  const { origin, pathname } = new URL(findBaseUrl(described, adapter, settings));
  const credential =
    secret === undefined ? undefined : openCredential(secret, described, { adapter, settings, complain });
  return {
    id,
    provider: described.provider ?? adapter.provider ?? adapter.name,
    adapter,
    origin,
    basePath: basePathOf(pathname, adapter),
    models: modelNames(described.models),
    apis: servedApis(described, adapter),
    priority: described.priority ?? 0,
    weight: described.weight ?? 1,
    settings,
    ...(organisation !== undefined && { organisation }),
    ...(region !== undefined && { region }),
    ...(timeouts !== undefined && { timeouts }),
    ...(healthCheck !== undefined && { healthCheck }),
    ...(whenClientLeaves !== undefined && { whenClientLeaves }),
    ...(credential !== undefined && { credential }),
  };
}

/** An organisation's own account is nobody else's to use. */
export function mayUse({ organisation }: Pick<Channel, 'organisation'>, orgId: string | undefined): boolean {
  return organisation === undefined || organisation === orgId;
}

function readSettings({ id, settings = {} }: DescribedChannel, adapter: ChannelAdapter): ChannelSettings {
  const known = adapter.settings ?? {};
  const unknown = Object.keys(settings).find((name) => known[name] === undefined);
  if (unknown !== undefined) {
    throw new ChannelError(`Channel "${id}": the adapter "${adapter.name}" has no setting "${unknown}".`);
  }
  const complete = Object.entries(known).map(([name, { description, default: usual }]) => {
    const value = settings[name] ?? usual;
    if (value !== undefined) return [name, value] as const;
    throw new ChannelError(`Channel "${id}": settings.${name} is missing. Set it to ${description}.`);
  });
  return Object.fromEntries(complete);
}

function findBaseUrl({ id, baseUrl }: DescribedChannel, adapter: ChannelAdapter, settings: ChannelSettings): string {
  const usual = typeof adapter.baseUrl === 'function' ? adapter.baseUrl(settings) : adapter.baseUrl;
  const found = baseUrl ?? usual;
  if (found !== undefined && URL.canParse(found)) {
    const { username, password, search, hash } = new URL(found);
    if (username + password + search + hash === '') return found;
    throw new ChannelError(`Channel "${id}": its baseUrl holds more than an address: no password, query or fragment.`);
  }
  throw new ChannelError(
    found === undefined
      ? `Channel "${id}": the adapter "${adapter.name}" knows no address: set baseUrl to the one that its operator gives.`
      : `Channel "${id}": its settings make no valid address of the adapter "${adapter.name}".`,
  );
}

/** A base URL may end in what the adapter puts before an API's paths, as `/v1`: it is not put there twice. */
function basePathOf(pathname: string, adapter: ChannelAdapter): string {
  const path = pathname.replace(/\/+$/, '');
  const ends = Object.values(adapter.apis).filter((before): before is string => typeof before === 'string');
  const end = ends.filter((before) => path.endsWith(before)).sort((a, b) => b.length - a.length)[0] ?? '';
  return path.slice(0, path.length - end.length);
}

function servedApis({ id, apis }: DescribedChannel, adapter: ChannelAdapter): readonly UsageApi[] {
  const served = Object.keys(adapter.apis) as UsageApi[];
  const notServed = apis?.find((api) => !served.includes(api));
  if (notServed === undefined) return apis === undefined ? served : served.filter((api) => apis.includes(api));
  throw new ChannelError(`Channel "${id}": the adapter "${adapter.name}" does not serve the API "${notServed}".`);
}

function modelNames(models: DescribedChannel['models']): ReadonlyMap<string, string> {
  return new Map(Array.isArray(models) ? models.map((name) => [name, name] as const) : Object.entries(models));
}

function openCredential(secret: string, { id }: DescribedChannel, parts: CredentialParts): CredentialSource {
  const { adapter, settings, complain } = parts;
  if (adapter.openCredential === undefined) return new KnownSecret(secret);
  try {
    return adapter.openCredential(secret, settings, complain);
  } catch (error) {
    const sentence = error instanceof Error ? error.message.replaceAll(secret, '(the secret)') : 'it is not usable.';
    throw new ChannelError(`Channel "${id}": ${sentence}`);
  }
}

/** Private even to what prints whole objects. */
class KnownSecret implements CredentialSource {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  current(): string {
    return this.#secret;
  }

  close(): void {}
}
