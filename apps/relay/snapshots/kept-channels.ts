import { openSecret, type SecretsKey } from '#config/seal-secret.js';
import { publishedChannel } from '#contracts/channel.js';
import { findPreset } from '../channels/adapters/registry.js';
import { ChannelError, openChannel } from '../channels/channel.js';
import type { ChannelTable } from '../channels/channel-table.js';

const ENTRY = /^channel\.([A-Za-z0-9_-]{1,64})$/;

export interface KeptChannelsPorts {
  readonly table: ChannelTable;
  /** That open their secrets. */
  readonly keys: readonly SecretsKey[];
  readonly complain: (sentence: string, error?: unknown) => void;
}

/** The channels that control keeps and publishes, beside those of the channels file. */
export class KeptChannels {
  constructor(private readonly ports: KeptChannelsPorts) {}

  /** @param value undefined when the entry is gone. */
  update(name: string, value: unknown): void {
    const { table, complain } = this.ports;
    const id = ENTRY.exec(name)?.[1];
    if (id === undefined) return complain(`Bucket channels has an entry ${name.slice(0, 20)} that is no channel.`);
    try {
      if (value === undefined) table.remove(id);
      else this.#put(id, value);
    } catch (error) {
      // What it was before may be what it was changed for: another account, a key that leaked.
      table.remove(id);
      const why = error instanceof Error ? error.message : 'its entry is unusable.';
      complain(`Channel "${id}" of control's cannot be used: ${why}`);
    }
  }

  #put(id: string, value: unknown): void {
    const { table, keys, complain } = this.ports;
    const parsed = publishedChannel.safeParse(value);
    if (!parsed.success || parsed.data.id !== id) throw new ChannelError('its entry is unreadable.');
    const { secret: sealed, ...described } = parsed.data;
    const secret = sealed && openSecret(sealed, described, keys);
    const channel = openChannel(described, { adapter: this.#findAdapter(described.adapter), secret, complain });
    if (table.put(channel)) return;
    channel.credential?.close();
    complain(`Channel "${id}" of control's has the id of one in the channels file, which stays: rename one of them.`);
  }

  /** A preset, or one from outside that the channels file has loaded: code is loaded for nobody else. */
  #findAdapter(name: string) {
    const loaded = this.ports.table.channels.find(({ adapter }) => adapter.name === name);
    const adapter = findPreset(name) ?? loaded?.adapter;
    if (adapter !== undefined) return adapter;
    throw new ChannelError(`there is no adapter "${name}" here. One from outside has to be in the channels file.`);
  }
}
