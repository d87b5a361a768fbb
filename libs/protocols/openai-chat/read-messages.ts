import { defined } from '../chat/defined.js';
import type { AssistantPart, ChatRequest, Message, ToolResult, UserPart } from '../chat/chat-request.js';
import { InvalidBody, type Members } from '../chat/members.js';
import { readContent, readTexts } from './read-content.js';
import { readReply } from './read-reply.js';

type Conversation = Pick<ChatRequest, 'instructions' | 'messages'>;

/** System and developer messages before the first turn are the system prompt. */
export function readMessages(body: Members): Conversation {
  if (!body.has('messages')) body.missing('messages');
  const calls: Calls = new Map();
  const read = body.objects('messages').map((message, position) => readMessage(message, position, calls));
  const first = read.findIndex(({ role }) => role !== 'system');
  const leading = read.slice(0, first === -1 ? read.length : first);
  return {
    instructions: leading.flatMap((message) => (message.role === 'system' ? message.parts : [])),
    messages: joinResults(read.slice(leading.length)),
  };
}

/** The results of one turn come in one message each. */
function joinResults(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  let results: ToolResult[] = [];
  for (const message of messages) {
    if (message.role !== 'tool') joined.push(message);
    else if (joined.at(-1)?.role === 'tool') for (const part of message.parts) results.push(part);
    else {
      results = [...message.parts];
      joined.push({ ...message, parts: results });
    }
  }
  return joined;
}

/** The id of the last call of each function. */
type Calls = Map<string, string>;

function readMessage(message: Members, position: number, calls: Calls): Message {
  const { at } = message;
  const role = message.requiredString('role');
  switch (role) {
    case 'system':
    case 'developer':
      loseName(message);
      return { role: 'system', at, parts: readTexts(message) };
    case 'user':
      return defined<Message & { role: 'user' }>({
        role,
        at,
        name: message.string('name'),
        parts: readContent(message),
      });
    case 'assistant':
      loseName(message);
      return {
        role,
        at,
        parts: noteCalls(readReply(message, { call: noId, functionCall: `call_${position}` }), calls),
      };
    case 'tool':
      // Some clients repeat the function's name: the id says the same.
      message.ignore('name');
      return { role, at, parts: [readResult(message, message.requiredString('tool_call_id'))] };
    case 'function':
      return { role: 'tool', at, parts: [readResult(message, calledBefore(message, calls))] };
    default:
      throw message.wrong('role', 'system, developer, user, assistant or tool');
  }
}

function noId(at: string): never {
  throw new InvalidBody(`${at}.id`, `${at}.id is missing: the result of the call could not be matched to it.`);
}

function readResult(message: Members, callId: string): ToolResult {
  const parts = message.has('content') ? readContent(message) : [];
  return { kind: 'tool-result', at: message.at, callId, parts: parts.filter((part) => isResultPart(part, message)) };
}

function isResultPart(part: UserPart, { losses }: Members): part is ToolResult['parts'][number] {
  if (part.kind !== 'audio') return true;
  losses.add(part.at, 'a tool result holds no audio');
  return false;
}

function noteCalls(parts: AssistantPart[], calls: Calls): AssistantPart[] {
  for (const part of parts) if (part.kind === 'tool-call') calls.set(part.name, part.id);
  return parts;
}

/** Before there were ids, a result named its function: it answers the last call of it. */
function calledBefore(message: Members, calls: Calls): string {
  const id = calls.get(message.requiredString('name'));
  if (id !== undefined) return id;
  throw new InvalidBody(
    message.pathOf('name'),
    `${message.pathOf('name')} names no function that was called before it.`,
  );
}

function loseName(message: Members): void {
  if (message.value('name') !== undefined)
    message.losses.add(message.pathOf('name'), 'only a user has a name elsewhere');
}
