import type {
  AssistantPart,
  ChatRequest,
  Message,
  Part,
  TextPart,
  ToolResult,
  UserPart,
} from '../chat/chat-request.js';
import { InvalidBody, type Members } from '../chat/members.js';
import { CallIds } from './call-ids.js';
import { listOf } from './list-of.js';
import { addAssistantPart } from './joined-parts.js';
import { readPart } from './read-parts.js';
import { readSettings } from './read-settings.js';
import { readToolChoice, readTools } from './read-tools.js';
import { tell } from './tell.js';

/** https://ai.google.dev/api/generate-content, and Vertex AI's, which adds a few members. @throws InvalidBody */
export function readRequest(body: Members): ChatRequest {
  const model = body.string('model');
  const choice = readToolChoice(body.object('toolConfig'));
  const request: ChatRequest = {
    ...(model !== undefined && { model: model.replace(/^models\//, '') }),
    instructions: readInstructions(body.object('systemInstruction')),
    messages: readMessages(body),
    tools: readTools(body, choice.isStrict),
    settings: { ...readSettings(body), ...(choice.toolChoice && { toolChoice: choice.toolChoice }) },
  };
  body.hint('labels', 'they name the request for reports of cost');
  body.hint('store', 'it steers what Google logs');
  readSafety(body);
  tell(body, 'cachedContent', 'only Google has that part of the prompt');
  return request;
}

/** Who turns filters off takes any answer. Who turns them on relies on them. */
const ANY_ANSWER: ReadonlySet<string> = new Set(['OFF', 'BLOCK_NONE', 'HARM_BLOCK_THRESHOLD_UNSPECIFIED']);

function readSafety(body: Members): void {
  for (const setting of listOf(body, 'safetySettings')) {
    const threshold = setting.string('threshold') ?? 'HARM_BLOCK_THRESHOLD_UNSPECIFIED';
    setting.ignore('category', 'method');
    if (ANY_ANSWER.has(threshold)) setting.losses.hint(setting.at, 'every provider filters by its own rules');
    else setting.losses.add(setting.at, 'every provider filters by its own rules');
  }
}

function readInstructions(content: Members | undefined): TextPart[] {
  if (content === undefined) return [];
  // Whatever it is, Google does not look at it here.
  content.ignore('role');
  const calls = new CallIds();
  return listOf(content, 'parts').flatMap((members) => {
    const part = readPart(members, calls);
    if (part === undefined || part.kind === 'text') return part ?? [];
    throw new InvalidBody(members.at, `${members.at} must be text: a system instruction holds nothing else.`);
  });
}

type Turn =
  | { readonly role: 'user'; readonly at: string; readonly parts: UserPart[] }
  | { readonly role: 'assistant'; readonly at: string; readonly parts: AssistantPart[] }
  | { readonly role: 'tool'; readonly at: string; readonly parts: ToolResult[] };

/** What follows one another in one role is one turn: clients send a streamed answer back in the pieces that it came in. */
function readMessages(body: Members): Message[] {
  const contents = listOf(body, 'contents');
  if (contents.length === 0) throw body.wrong('contents', 'a list of at least one content');
  const turns: Turn[] = [];
  const calls = new CallIds();
  for (const content of contents) {
    const isModel = isModels(content);
    for (const members of listOf(content, 'parts')) {
      const part = readPart(members, calls);
      if (part === undefined) continue;
      if (isModel) addAnswered(turns, members, part);
      else addAsked(turns, part);
    }
  }
  return turns;
}

function isModels(content: Members): boolean {
  const role = content.string('role') ?? 'user';
  if (role === 'model') return true;
  // Google took results of functions from a role of their own before it took them from the user.
  if (role === 'user' || role === 'function' || role === '') return false;
  throw content.wrong('role', 'user or model');
}

function addAnswered(turns: Turn[], members: Members, part: Part): void {
  if (part.kind === 'file' || part.kind === 'audio') return members.lose('no other provider takes it from a model');
  if (part.kind === 'tool-result') throw misplaced(part, 'a result', 'the user');
  const last = turns.at(-1);
  const parts = last?.role === 'assistant' ? last.parts : [];
  addAssistantPart(parts, part);
  if (last?.role !== 'assistant' && parts.length > 0) turns.push({ role: 'assistant', at: part.at, parts });
}

function addAsked(turns: Turn[], part: Part): void {
  const last = turns.at(-1);
  switch (part.kind) {
    case 'tool-result':
      if (last?.role === 'tool') last.parts.push(part);
      else turns.push({ role: 'tool', at: part.at, parts: [part] });
      return;
    case 'text':
    case 'image':
    case 'file':
    case 'audio':
      if (last?.role === 'user') last.parts.push(part);
      else turns.push({ role: 'user', at: part.at, parts: [part] });
      return;
    case 'tool-call':
    case 'reasoning':
    case 'refusal':
      throw misplaced(part, part.kind === 'tool-call' ? 'a call' : 'a thought', 'the model');
  }
}

function misplaced({ at }: Part, what: string, whose: string): InvalidBody {
  return new InvalidBody(at, `${at} is ${what} and must stand in a content of ${whose}.`);
}
