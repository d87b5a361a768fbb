import { asObject, type JsonObject, objectsIn } from '#usage/json.js';
import type { When } from './routes-file.js';
import { type Script, scriptOf } from './written-in.js';

/** What a request is like. */
export interface Task {
  readonly bytes: number;
  readonly stream: boolean;
  /** Absent of a body that is no JSON. */
  readonly json?: JsonObject | undefined;
  readonly metadata: ReadonlyMap<string, string>;
}

export function matches(when: When, task: Task): boolean {
  if (when.minBytes !== undefined && task.bytes < when.minBytes) return false;
  if (when.maxBytes !== undefined && task.bytes > when.maxBytes) return false;
  if (when.stream !== undefined && when.stream !== task.stream) return false;
  const metadata = Object.entries(when.metadata ?? {});
  if (metadata.some(([name, value]) => task.metadata.get(name) !== value)) return false;
  if (when.tools !== undefined && when.tools !== hasTools(task)) return false;
  if (when.images !== undefined && when.images !== hasImages(task)) return false;
  return when.language === undefined || isWrittenIn(when.language, task);
}

function isWrittenIn(language: readonly Script[], { json }: Task): boolean {
  const script = json && scriptOf(json);
  return script !== undefined && language.includes(script);
}

/** OpenAI, Anthropic and Gemini call the list alike. */
function hasTools({ json }: Task): boolean {
  return objectsIn(json?.['tools']).length > 0;
}

const IMAGE_TYPES: ReadonlySet<unknown> = new Set(['image_url', 'input_image', 'image']);

function hasImages({ json }: Task): boolean {
  return ['messages', 'input', 'contents'].some((member) =>
    objectsIn(json?.[member]).some((message) => isImage(message) || partsOf(message).some(isImage)),
  );
}

/** OpenAI and Anthropic call the parts of a message `content`, Gemini `parts`. */
function partsOf(message: JsonObject): readonly JsonObject[] {
  return [...objectsIn(message['content']), ...objectsIn(message['parts'])];
}

function isImage(part: JsonObject): boolean {
  if (IMAGE_TYPES.has(part['type'])) return true;
  // Gemini's clients write either.
  const data = asObject(part['inlineData'] ?? part['inline_data'] ?? part['fileData'] ?? part['file_data']);
  const type = data?.['mimeType'] ?? data?.['mime_type'];
  return typeof type === 'string' && type.startsWith('image/');
}
