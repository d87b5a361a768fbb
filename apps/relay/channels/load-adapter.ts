import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ChannelAdapter } from './adapter.js';
import { checkAdapter } from './adapter-schema.js';
import { findPreset, presets } from './adapters/registry.js';
import { ChannelError } from './channel.js';

/**
 * The adapter that a channels file names: a preset, a file beside it (`./adapter.mjs`), or a package that is installed
 * where the file is. A module's adapter is its default export.
 * @throws ChannelError when there is none, or when what is there is no adapter.
 */
export async function loadAdapter(name: string, channelsFile: string): Promise<ChannelAdapter> {
  const preset = findPreset(name);
  if (preset !== undefined) return preset;
  const checked = checkAdapter(await importDefault(name, channelsFile));
  if ('adapter' in checked) return checked.adapter;
  throw new ChannelError(`The adapter "${name}" is none: ${checked.wrong.join('; ')}.`);
}

async function importDefault(name: string, channelsFile: string): Promise<unknown> {
  const where = resolveModule(name, channelsFile);
  if (where === undefined) {
    throw new ChannelError(
      `There is no adapter "${name}": name a module, or one of ${presets.map((preset) => preset.name).join(', ')}.`,
    );
  }
  try {
    return ((await import(where)) as { default?: unknown }).default;
  } catch (error) {
    throw new ChannelError(`The adapter "${name}" could not be loaded from ${where}.`, { cause: error });
  }
}

function resolveModule(name: string, channelsFile: string): string | undefined {
  const folder = dirname(resolve(channelsFile));
  if (/^\.{0,2}\//.test(name)) return pathToFileURL(resolve(folder, name)).href;
  try {
    return pathToFileURL(createRequire(resolve(channelsFile)).resolve(name)).href;
  } catch {
    // Not installed: the caller says so, with the names that there are.
    return undefined;
  }
}
