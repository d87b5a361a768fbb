import type { JsonObject } from '#usage/json.js';
import { InvalidBody } from '../chat/members.js';

/** Names carry no prototype here, so that any name is a name. */
type Names = Record<string, unknown>;
type Step = string | number;

/** Far from the depth at which JSON can no longer be written. */
const MAX_STEPS = 100;

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/gy;

/**
 * Vertex streams the arguments of a call value by value, and a long text in pieces. Each says by a JSON path (RFC 9535)
 * where it belongs, such as `$.recipe.steps[1]`.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
 */
export class PartialArguments {
  readonly #root = Object.create(null) as Names;

  /** @throws InvalidBody when the path leads nowhere */
  add(arg: JsonObject, at: string): void {
    const path = typeof arg['jsonPath'] === 'string' ? arg['jsonPath'] : '';
    // An array without entries is told by its own path and two brackets.
    const isEmptyArray = path.endsWith('[]');
    const steps = stepsOf(isEmptyArray ? path.slice(0, -2) : path);
    const last = steps.at(-1);
    if (last === undefined) throw new InvalidBody(`${at}.jsonPath`, `${at}.jsonPath must lead to an argument.`);
    let holder: unknown = this.#root;
    for (const [index, step] of steps.slice(0, -1).entries()) {
      holder = valueAt(holder, step, at) ?? put(holder, step, typeof steps[index + 1] === 'number' ? [] : named(), at);
    }
    const before = valueAt(holder, last, at);
    const value = valueOf(arg);
    if (value === undefined) {
      if (before === undefined && arg['willContinue'] !== true) put(holder, last, isEmptyArray ? [] : named(), at);
    } else {
      put(holder, last, typeof before === 'string' && typeof value === 'string' ? before + value : value, at);
    }
  }

  /** As JSON. */
  text(): string {
    return JSON.stringify(this.#root);
  }
}

const named = (): Names => Object.create(null) as Names;

function valueOf(arg: JsonObject): unknown {
  // In protobuf's JSON the null of a value is null itself.
  if ('nullValue' in arg) return null;
  return arg['stringValue'] ?? arg['numberValue'] ?? arg['boolValue'] ?? undefined;
}

/** Empty when it is no path of names and numbers. */
function stepsOf(path: string): Step[] {
  if (!path.startsWith('$')) return [];
  const found = [...path.slice(1).matchAll(STEP)];
  if (found.length > MAX_STEPS) return [];
  const isWhole = found.reduce((length, [step]) => length + step.length, 1) === path.length;
  if (!isWhole) return [];
  return found.map(([, name, index, single, double]) =>
    index === undefined ? (name ?? unescape(single ?? double ?? '')) : Number(index),
  );
}

function unescape(name: string): string {
  return name.replace(/\\(.)/g, '$1');
}

function valueAt(holder: unknown, step: Step, at: string): unknown {
  if (typeof step === 'number' ? Array.isArray(holder) : isNames(holder)) return (holder as Names)[step];
  throw new InvalidBody(`${at}.jsonPath`, `${at}.jsonPath leads through a value that holds no others.`);
}

function isNames(holder: unknown): holder is Names {
  return typeof holder === 'object' && holder !== null && !Array.isArray(holder);
}

/** Entries of an array come in order: one far beyond its end would make a giant of it. */
function put(holder: unknown, step: Step, value: unknown, at: string): unknown {
  if (Array.isArray(holder) && Number(step) > holder.length) {
    throw new InvalidBody(`${at}.jsonPath`, `${at}.jsonPath leaves out entries of an array.`);
  }
  (holder as Names)[step] = value;
  return value;
}
