// Lets plain Node import this repository's TypeScript: jest loads its global setup without its transforms.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const root = new URL('../../', import.meta.url);
const isOurs = (url) => url?.startsWith(root.href) && !url.includes('/node_modules/');

export function resolve(specifier, context, next) {
  if (!isOurs(context.parentURL)) return next(specifier, context);
  const source = specifier.replace(/\.js$/, '.ts');
  const [, inApps, inLibs] = /^#(?:((?:apps|migrations)\/.*)|(.*))$/.exec(source) ?? [];
  if (inApps !== undefined) return next(new URL(inApps, root).href, context);
  if (inLibs !== undefined) return next(new URL(`libs/${inLibs}`, root).href, context);
  return next(specifier.startsWith('.') && context.parentURL.endsWith('.ts') ? source : specifier, context);
}

export async function load(url, context, next) {
  if (!isOurs(url) || !url.endsWith('.ts')) return next(url, context);
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    filename: fileURLToPath(url),
    configFile: fileURLToPath(new URL('.swcrc', root)),
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
