import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, loadConfig } from '#config/config.js';
import { type Channel, channelsFileSchema, splitBaseUrl } from './channel.js';
import { ChannelTable } from './channel-table.js';

/** @throws ConfigError that names the file and every wrong entry; it shows no secret. */
export function loadChannels(path: string): ChannelTable {
  const parsed = channelsFileSchema.safeParse(readJson(path));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(
      ({ path: at, message }) => `${path}: ${at.join('.') || 'the file'}: ${message}.`,
    );
    throw new ConfigError(wrong.join('\n'));
  }
  const channels = parsed.data.channels.map((channel): Channel => {
    const apiKey = channel.apiKeyEnv === undefined ? {} : { apiKey: readSecret(channel.apiKeyEnv, channel.id) };
    return { ...channel, ...splitBaseUrl(channel.baseUrl), ...apiKey };
  });
  const ids = channels.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new ConfigError(`${path}: two channels are called "${twice}": give each its own id.`);
  return new ChannelTable(channels);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const what = error instanceof SyntaxError ? `is no JSON (${error.message})` : 'cannot be read';
    throw new ConfigError(`The channels file ${path} (TOLLGATE_CHANNELS_FILE) ${what}.`, { cause: error });
  }
}

function readSecret(name: string, channelId: string): string {
  const secret = z.string().describe(`the provider's key for channel ${channelId}`);
  return loadConfig(z.object({ [name]: secret }))[name]!;
}
