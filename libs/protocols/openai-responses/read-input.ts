import type { ChatRequest, Message, TextPart, ToolResult, UserPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { losePart, readContent, readInputText, readUserPart } from './read-content.js';
import { assistantItems, itemType, loseItem, readAssistantItem } from './read-items.js';

type Conversation = Pick<ChatRequest, 'instructions' | 'messages'>;

/** Items that make one message: what the model said, thought and called in a row is one turn, and so are the results. */
interface Turn {
  readonly role: Message['role'];
  readonly at: string;
  readonly items: Members[];
}

/** `instructions` is a system message in front of the input; system messages before the first turn belong to it. */
export function readInput(body: Members): Conversation {
  const instructions = textPart(body.pathOf('instructions'), body.string('instructions'));
  const input = body.value('input');
  if (input === undefined && !hasOtherInput(body)) body.missing('input');
  if (typeof input === 'string') {
    const at = body.pathOf('input');
    return { instructions, messages: [{ role: 'user', at, parts: textPart(at, input) }] };
  }
  const turns = turnsOf(body.objects('input'));
  const first = turns.findIndex(({ role }) => role !== 'system');
  const leading = turns.slice(0, first === -1 ? turns.length : first);
  return {
    instructions: [...instructions, ...leading.flatMap(({ items }) => items.flatMap(readSystem))],
    messages: turns.slice(leading.length).map(readTurn),
  };
}

/** The input may be kept at the provider; that we cannot reach it is told where the settings are read. */
function hasOtherInput(body: Members): boolean {
  return ['previous_response_id', 'conversation', 'prompt'].some((name) => body.has(name));
}

function textPart(at: string, text: string | undefined): TextPart[] {
  return text === undefined || text === '' ? [] : [{ kind: 'text', at, text }];
}

function turnsOf(items: readonly Members[]): Turn[] {
  const turns: Turn[] = [];
  for (const item of items) {
    const role = roleOf(item);
    const last = turns.at(-1);
    if (role === undefined) continue;
    if (last?.role === role && (role === 'assistant' || role === 'tool')) last.items.push(item);
    else turns.push({ role, at: item.at, items: [item] });
  }
  return turns;
}

/** undefined when the item is lost. */
function roleOf(item: Members): Message['role'] | undefined {
  if (!item.has('type') && !item.has('role') && item.has('id')) return loseReference(item);
  const type = itemType(item);
  if (type === 'item_reference') return loseReference(item);
  if (type === 'function_call_output') return 'tool';
  if (type === 'reasoning' && isStored(item)) return loseReference(item);
  if (type !== 'message') {
    if (assistantItems.has(type)) return 'assistant';
    loseItem(item);
    return undefined;
  }
  switch (item.requiredString('role')) {
    case 'user':
      return 'user';
    case 'assistant':
      return 'assistant';
    case 'system':
    case 'developer':
      return 'system';
    default:
      throw item.wrong('role', 'user, assistant, system or developer');
  }
}

function loseReference(item: Members): undefined {
  item.lose('it is kept at the provider and not in the request');
}

/** A thought that says nothing by itself: its id names the one that the provider stored. */
function isStored(item: Members): boolean {
  return !item.has('encrypted_content') && item.entries('summary').length + item.entries('content').length === 0;
}

function readTurn({ role, at, items }: Turn): Message {
  switch (role) {
    case 'system':
      return { role, at, parts: items.flatMap(readSystem) };
    case 'user':
      return { role, at, parts: items.flatMap(readUser) };
    case 'assistant':
      return { role, at, parts: items.flatMap(readAssistantItem) };
    case 'tool':
      return { role, at, parts: items.map(readResult) };
  }
}

function readSystem(item: Members): TextPart[] {
  ignoreBookkeeping(item);
  return readContent(item, 'content', (part) =>
    ['input_text', 'output_text'].includes(part.requiredString('type')) ? readInputText(part) : losePart(part),
  );
}

function readUser(item: Members): UserPart[] {
  ignoreBookkeeping(item);
  return readContent(item, 'content', readUserPart);
}

function readResult(item: Members): ToolResult {
  ignoreBookkeeping(item);
  const callId = item.requiredString('call_id');
  const parts = readContent(item, 'output', readUserPart).filter((part) => {
    if (part.kind === 'audio') item.losses.add(part.at, 'a tool result holds no audio');
    return part.kind !== 'audio';
  });
  return { kind: 'tool-result', at: item.at, callId, parts };
}

/** An item's own id is known to its provider only, and what is sent is done. */
function ignoreBookkeeping(item: Members): void {
  item.ignore('id', 'status', 'role', 'type');
}
