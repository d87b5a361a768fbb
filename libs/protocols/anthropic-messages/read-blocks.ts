import { present } from '#usage/json.js';
import type {
  AssistantPart,
  FilePart,
  ImagePart,
  ReasoningPart,
  Source,
  TextPart,
  ToolCall,
  ToolResult,
} from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readCache } from './cache-control.js';
import { unpackSignature } from './carried-signature.js';
import { readCitations } from './citations.js';

type UserBlock = TextPart | ImagePart | FilePart | ToolResult;
type Content = TextPart | ImagePart | FilePart;

/** A message's content: a string is as good as one block of text. */
export function readContent<Part>(
  owner: Members,
  readBlocks: (blocks: readonly Members[]) => Part[],
): (Part | TextPart)[] {
  const content = owner.value('content');
  if (typeof content === 'string') return [{ kind: 'text', at: owner.pathOf('content'), text: content }];
  if (content !== undefined && !Array.isArray(content)) throw owner.wrong('content', 'a string or a list');
  return readBlocks(owner.objects('content'));
}

export function readText(block: Members): TextPart {
  const citations = readCitations(block);
  return {
    kind: 'text',
    at: block.at,
    text: block.requiredString('text'),
    ...(citations.length > 0 && { citations }),
    ...present({ cache: readCache(block) }),
  };
}

export function readTexts(blocks: readonly Members[]): TextPart[] {
  return blocks.flatMap((block) => (typeOf(block) === 'text' ? readText(block) : loseBlock(block)));
}

export function readUserBlocks(blocks: readonly Members[]): UserBlock[] {
  return blocks.flatMap((block): UserBlock[] =>
    typeOf(block) === 'tool_result' ? [readToolResult(block)] : readContentBlock(block),
  );
}

function readToolResult(block: Members): ToolResult {
  const callId = block.requiredString('tool_use_id');
  const parts = readContent(block, (blocks) => blocks.flatMap(readContentBlock));
  return {
    kind: 'tool-result',
    at: block.at,
    callId,
    parts,
    ...present({ isError: block.boolean('is_error'), cache: readCache(block) }),
  };
}

function readContentBlock(block: Members): Content[] {
  switch (typeOf(block)) {
    case 'text':
      return [readText(block)];
    case 'image':
      return readImage(block);
    case 'document':
      return readDocument(block);
    case 'search_result': {
      for (const name of ['source', 'title', 'citations']) tellUnread(block, name, 'what a search result is from');
      const cache = readCache(block);
      return withCache(readContent(block, readTexts), cache);
    }
    default:
      return loseBlock(block);
  }
}

function readImage(block: Members): ImagePart[] {
  const source = readSource(block.object('source') ?? block.missing('source'));
  return source === undefined ? [] : [{ kind: 'image', at: block.at, source, ...present({ cache: readCache(block) }) }];
}

/** Documents behind a URL are PDF: https://platform.claude.com/docs/en/build-with-claude/pdf-support */
function readDocument(block: Members): Content[] {
  const source = block.object('source') ?? block.missing('source');
  const cited = block.object('citations');
  if (cited?.boolean('enabled') === true) cited.lose('an answer cannot cite a document');
  tellUnread(block, 'context', 'what is said about a document');
  const cache = readCache(block);
  if (source.string('type') === 'content') {
    tellUnread(block, 'title', 'the title of a document made of blocks');
    return withCache(
      readContent(source, (blocks) => blocks.flatMap(readContentBlock)),
      cache,
    );
  }
  const read = readSource(source);
  if (read === undefined) return [];
  const file = read.from === 'url' ? { ...read, mediaType: 'application/pdf' } : read;
  return [{ kind: 'file', at: block.at, source: file, ...present({ name: block.string('title'), cache }) }];
}

function readSource(source: Members): Source | undefined {
  switch (source.requiredString('type')) {
    case 'base64':
      return {
        from: 'bytes',
        mediaType: source.requiredString('media_type'),
        base64: source.requiredString('data'),
      };
    case 'text':
      return {
        from: 'bytes',
        mediaType: source.string('media_type') ?? 'text/plain',
        base64: Buffer.from(source.requiredString('data')).toString('base64'),
      };
    case 'url':
      return { from: 'url', url: source.requiredString('url') };
    case 'file':
      return { from: 'upload', id: source.requiredString('file_id') };
    default:
      source.lose('its type is not known here');
      return undefined;
  }
}

/** A model's blocks, of a request's history or of an answer. */
export function readAssistantBlocks(blocks: readonly Members[]): AssistantPart[] {
  const parts: AssistantPart[] = [];
  let signatureOfCall: string | undefined;
  for (const block of blocks) {
    const part = readAssistantBlock(block);
    if (part?.kind === 'reasoning' && part.ofCall === true) {
      signatureOfCall = part.signature;
    } else if (part?.kind === 'tool-call') {
      parts.push({ ...part, ...present({ signature: signatureOfCall }) });
      signatureOfCall = undefined;
    } else if (part !== undefined) {
      parts.push(part);
    }
  }
  return parts;
}

function readAssistantBlock(
  block: Members,
): TextPart | ToolCall | (ReasoningPart & { readonly ofCall?: boolean }) | undefined {
  switch (typeOf(block)) {
    case 'text':
      return readText(block);
    case 'thinking': {
      const carried = unpackSignature(block.string('signature'));
      return { kind: 'reasoning', at: block.at, text: block.string('thinking') ?? '', ...carried };
    }
    case 'redacted_thinking': {
      const { signature = '', ...carried } = unpackSignature(block.requiredString('data'));
      return { kind: 'reasoning', at: block.at, text: '', redacted: signature, ...carried };
    }
    case 'tool_use':
      return readToolUse(block);
    default:
      loseBlock(block);
      return undefined;
  }
}

function readToolUse(block: Members): ToolCall {
  readCaller(block);
  return {
    kind: 'tool-call',
    at: block.at,
    id: block.requiredString('id'),
    name: block.requiredString('name'),
    arguments: JSON.stringify(block.value('input') ?? {}),
    ...present({ cache: readCache(block) }),
  };
}

/** Whether the model itself calls, which goes without saying elsewhere, or code that it wrote. */
export function readCaller(block: Members): void {
  const caller = block.object('caller');
  if (caller !== undefined && caller.string('type') !== 'direct') caller.lose('code that the model wrote calls a tool');
}

/** Tells the whole block as a loss: blocks of the provider's own tools, and whatever it invents. */
export function loseBlock(block: Members): [] {
  block.lose(`a block of type ${typeOf(block).slice(0, 64)} has no counterpart`);
  return [];
}

function typeOf(block: Members): string {
  return block.requiredString('type');
}

function tellUnread(block: Members, name: string, reason: string): void {
  if (!block.has(name)) return;
  block.ignore(name);
  block.losses.add(block.pathOf(name), reason);
}

/** The mark stood behind the last of them. */
function withCache(parts: readonly Content[], cache: Content['cache']): Content[] {
  return parts.map((part, index) => (index === parts.length - 1 ? { ...part, ...present({ cache }) } : part));
}
