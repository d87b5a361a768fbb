import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError, loadConfig } from '#config/config.js';
import { channelFields } from '#contracts/channel.js';
import { name } from '#contracts/cloud-event.js';
import type { ChannelAdapter } from './adapter.js';
import { openaiApisAt } from './adapters/openai-apis.js';
import { type Channel, ChannelError, type ChannelParts, openChannel } from './channel.js';
import { ChannelTable } from './channel-table.js';
import { type Routes, routesSchema } from '../route/routes-file.js';
import { loadAdapter } from './load-adapter.js';

const fileChannel = z
  .strictObject({
    ...channelFields,
    adapter: name(256).exactOptional(),
    /** Instead of an adapter: an upstream of no special kind that serves this one API, at `baseUrl`. */
    protocol: z.enum(['openai-chat', 'anthropic-messages']).exactOptional(),
    /** The environment variable, or else the file, that holds the credential. Without one requests go without. */
    apiKeyEnv: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable')
      .exactOptional(),
    apiKeyFile: z.string().min(1).exactOptional(),
  })
  .refine(({ adapter, protocol }) => (adapter === undefined) !== (protocol === undefined), {
    error: 'names neither an adapter nor a protocol, or both: see apps/relay/README.md',
  })
  .refine(({ protocol, provider, baseUrl }) => protocol === undefined || (provider !== undefined && baseUrl), {
    error: 'has a protocol, and needs a provider and a baseUrl beside it',
  })
  .refine(({ apiKeyEnv, apiKeyFile }) => apiKeyEnv === undefined || apiKeyFile === undefined, {
    error: 'has its key in apiKeyEnv or in apiKeyFile, not in both',
  });
type FileChannel = z.infer<typeof fileChannel>;

const channelsFile = z.strictObject({ channels: z.array(fileChannel).min(1), routes: routesSchema.default({}) });

/** What a channel with a `protocol` has for an adapter. */
const ofProtocol: Readonly<Record<NonNullable<FileChannel['protocol']>, ChannelAdapter>> = {
  'openai-chat': { name: 'openai-chat', apis: openaiApisAt('/v1', ['openai-chat']) },
  'anthropic-messages': { name: 'anthropic-messages', apis: { 'anthropic-messages': '/v1' } },
};

export interface ChannelsFile {
  readonly table: ChannelTable;
  readonly routes: Routes;
}

/** @throws ConfigError that names the file and every wrong entry; it shows no secret. */
export async function loadChannels(path: string, complain: ChannelParts['complain']): Promise<ChannelsFile> {
  const parsed = channelsFile.safeParse(readJson(path));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(
      ({ path: at, message }) => `${path}: ${at.join('.') || 'the file'}: ${message}.`,
    );
    throw new ConfigError(wrong.join('\n'));
  }
  const { channels, routes } = parsed.data;
  const ids = channels.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new ConfigError(`${path}: two channels are called "${twice}": give each its own id.`);
  const opened = await Promise.all(channels.map((channel) => openFileChannel(channel, path, complain)));
  return { table: new ChannelTable(opened), routes };
}

async function openFileChannel(
  { protocol, apiKeyEnv, apiKeyFile, adapter: named = '', ...described }: FileChannel,
  path: string,
  complain: ChannelParts['complain'],
): Promise<Channel> {
  try {
    const adapter = protocol === undefined ? await loadAdapter(named, path) : ofProtocol[protocol];
    const secret = apiKeyFile === undefined ? readVariable(apiKeyEnv, described.id) : readKeyFile(apiKeyFile, path);
    return openChannel({ ...described, adapter: adapter.name }, { adapter, secret, complain });
  } catch (error) {
    if (error instanceof ChannelError) throw new ConfigError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const what = error instanceof SyntaxError ? `is no JSON (${error.message})` : 'cannot be read';
    throw new ConfigError(`The channels file ${path} (TOLLGATE_CHANNELS_FILE) ${what}.`, { cause: error });
  }
}

function readVariable(name: string | undefined, channelId: string): string | undefined {
  if (name === undefined) return undefined;
  const secret = z.string().describe(`the provider's key for channel ${channelId}`);
  return loadConfig(z.object({ [name]: secret }))[name]!;
}

/** @param file relative to the channels file. */
function readKeyFile(file: string, channelsFile: string): string {
  const path = resolve(dirname(channelsFile), file);
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (secret !== '') return secret;
  } catch (error) {
    throw new ConfigError(`The file ${path} (apiKeyFile) cannot be read.`, { cause: error });
  }
  throw new ConfigError(`The file ${path} (apiKeyFile) is empty.`);
}
