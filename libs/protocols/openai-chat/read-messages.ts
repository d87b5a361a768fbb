import { defined } from '../chat/defined.js';
import type { ChatRequest, Message, ToolCall, ToolResult, UserPart } from '../chat/chat-request.js';
import { InvalidBody, type Members } from '../chat/members.js';
import { readContent, readTexts } from './read-content.js';
import { readReply } from './read-reply.js';

type Conversation = Pick<ChatRequest, 'instructions' | 'messages'>;

/** System and developer messages before the first turn are the system prompt. */
export function readMessages(body: Members): Conversation {
  if (!body.has('messages')) body.missing('messages');
  const instructions: Conversation['instructions'][number][] = [];
  const messages: Message[] = [];
  for (const [position, message] of body.objects('messages').entries()) {
    const read = readMessage(message, position, messages);
    const last = messages.at(-1);
    if (read.role === 'system' && messages.length === 0) instructions.push(...read.parts);
    // The results of one turn come in one message each.
    else if (read.role === 'tool' && last?.role === 'tool') {
      messages[messages.length - 1] = { ...last, parts: [...last.parts, ...read.parts] };
    } else messages.push(read);
  }
  return { instructions, messages };
}

function readMessage(message: Members, position: number, before: readonly Message[]): Message {
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
        parts: readReply(message, { call: noId, functionCall: `call_${position}` }),
      };
    case 'tool':
      // Some clients repeat the function's name: the id says the same.
      message.ignore('name');
      return { role, at, parts: [readResult(message, message.requiredString('tool_call_id'))] };
    case 'function':
      return { role: 'tool', at, parts: [readResult(message, calledBefore(message, before))] };
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

/** Before there were ids, a result named its function: it answers the last call of it. */
function calledBefore(message: Members, before: readonly Message[]): string {
  const name = message.requiredString('name');
  const call = before
    .flatMap((one) => (one.role === 'assistant' ? one.parts : []))
    .findLast((part): part is ToolCall => part.kind === 'tool-call' && part.name === name);
  if (call !== undefined) return call.id;
  throw new InvalidBody(
    message.pathOf('name'),
    `${message.pathOf('name')} names no function that was called before it.`,
  );
}

function loseName(message: Members): void {
  if (message.value('name') !== undefined)
    message.losses.add(message.pathOf('name'), 'only a user has a name elsewhere');
}
