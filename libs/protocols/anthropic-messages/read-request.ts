import { present } from '#usage/json.js';
import type { ChatRequest, FunctionTool, Message, TextPart, UserPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readCache } from './cache-control.js';
import { readAssistantBlocks, readContent, readTexts, readUserBlocks } from './read-blocks.js';
import { readSettings } from './read-settings.js';

/** POST /v1/messages: https://platform.claude.com/docs/en/api/messages/create */
export function readRequest(body: Members): ChatRequest {
  readServerSide(body);
  const { instructions, messages } = readMessages(body);
  return {
    // Bedrock and Vertex have the model in the path.
    ...present({ model: body.string('model'), stream: body.boolean('stream') }),
    instructions: [...readSystem(body), ...instructions],
    messages,
    tools: body.objects('tools').flatMap(readTool),
    settings: readSettings(body),
  };
}

/** What the provider does around the model. */
function readServerSide(body: Members): void {
  // The version of the protocol, which Bedrock and Vertex want in the body.
  body.ignore('anthropic_version');
  body.hint('cache_control', 'how the prompt is cached');
  body.hint('diagnostics', 'how the prompt was cached');
  // In the body on Bedrock and Vertex, and in the SDK's own words.
  for (const name of ['betas', 'anthropic_beta']) body.hint(name, 'each beta is told where it is used');
  if (body.string('speed') === 'fast') body.losses.hint(body.pathOf('speed'), 'how fast the answer comes');
  for (const edit of body.object('context_management')?.objects('edits') ?? []) {
    const type = edit.requiredString('type');
    // Without it the model sees more of the conversation, not less.
    if (type.startsWith('clear_')) edit.losses.hint(edit.at, 'that old parts of the conversation are cleared away');
    else edit.losses.add(edit.at, 'that the provider rewrites the conversation');
    edit.ignore(...edit.unread());
  }
  for (const server of body.objects('mcp_servers')) server.lose('the provider itself calls the tools of a server');
}

function readSystem(body: Members): TextPart[] {
  const system = body.value('system');
  if (typeof system === 'string') return [{ kind: 'text', at: body.pathOf('system'), text: system }];
  if (system !== undefined && !Array.isArray(system)) throw body.wrong('system', 'a string or a list');
  return readTexts(body.objects('system'));
}

function readMessages(body: Members): { instructions: TextPart[]; messages: Message[] } {
  if (!body.has('messages')) body.missing('messages');
  const messages = body.objects('messages').flatMap(readTurn);
  const first = messages.findIndex(({ role }) => role !== 'system');
  const leading = messages.slice(0, first === -1 ? messages.length : first);
  return {
    instructions: leading.flatMap((message) => (message.role === 'system' ? message.parts : [])),
    messages: messages.slice(leading.length),
  };
}

function readTurn(message: Members): Message[] {
  const { at } = message;
  const role = message.requiredString('role');
  if (!message.has('content')) message.missing('content');
  switch (role) {
    case 'user':
      return readUserTurn(message);
    case 'assistant':
      return [{ role, at, parts: readContent(message, readAssistantBlocks) }];
    case 'system':
      return [{ role, at, parts: readContent(message, readTexts) }];
    default:
      throw message.wrong('role', 'user, assistant or system');
  }
}

/** Tool results stand first in the user's turn: Anthropic takes them nowhere else. */
function readUserTurn(message: Members): Message[] {
  const { at } = message;
  const blocks = readContent(message, readUserBlocks);
  const results = blocks.filter((part) => part.kind === 'tool-result');
  const parts: UserPart[] = blocks.filter((part) => part.kind !== 'tool-result');
  const turn: Message[] = results.length > 0 ? [{ role: 'tool', at, parts: results }] : [];
  return parts.length > 0 || results.length === 0 ? [...turn, { role: 'user', at, parts }] : turn;
}

function readTool(tool: Members): FunctionTool[] {
  const type = tool.string('type') ?? 'custom';
  if (type !== 'custom') {
    tool.lose(`a tool of type ${type.slice(0, 64)} is the provider's own`);
    return [];
  }
  tool.hint('eager_input_streaming', 'in which pieces a call is streamed');
  // What goes without saying: the tool is told at once, and the model itself calls it.
  if (tool.value('defer_loading') === true) tool.losses.add(tool.pathOf('defer_loading'), 'all tools are told at once');
  const callers = tool.strings('allowed_callers') ?? [];
  if (callers.some((one) => one !== 'direct')) {
    tool.losses.add(tool.pathOf('allowed_callers'), 'code that the model writes cannot call a tool');
  }
  return [
    {
      at: tool.at,
      name: tool.requiredString('name'),
      parameters: tool.json('input_schema') ?? tool.missing('input_schema'),
      ...present({
        description: tool.string('description'),
        strict: tool.boolean('strict'),
        cache: readCache(tool),
      }),
    },
  ];
}
