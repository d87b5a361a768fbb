import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, ChatRequest, Message, ToolResult, UserPart } from '../chat/chat-request.js';
import { responseOfText } from './function-response.js';
import { writeMedia } from './media.js';
import { isGemini3 } from './model-generation.js';
import { UNSIGNED } from './thought-signature.js';
import { hintCache, writeAssistantPart, writeText, type Sign } from './write-parts.js';
import { writeSettings } from './write-settings.js';
import { writeToolConfig, writeTools } from './write-tools.js';

/** Model and stream are in the path. https://ai.google.dev/api/generate-content */
export function writeRequest(request: ChatRequest, to: Target): JsonObject {
  const { messages, tools } = request;
  const instructions = writeInstructions(request, to);
  const toolConfig = writeToolConfig(request, to);
  return {
    ...(instructions.length > 0 && { systemInstruction: { parts: instructions } }),
    contents: writeContents(messages, to),
    ...(tools.length > 0 && { tools: writeTools(tools, to) }),
    ...(toolConfig && { toolConfig }),
    ...writeSettings(request, to),
  };
}

/** A conversation has no place for a system message here: when that loss is allowed, it stands before the first turn. */
function writeInstructions({ instructions, messages }: ChatRequest, to: Target): JsonObject[] {
  const later = messages.flatMap((message) => {
    if (message.role !== 'system') return [];
    to.losses.add(message.at, 'a system message after the first turn has no place');
    return message.parts;
  });
  return [...instructions, ...later].map((part) => {
    hintCache(part, to);
    return { text: part.text };
  });
}

type AssistantMessage = Extract<Message, { readonly role: 'assistant' }>;

interface Content {
  readonly of: Message['role'];
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

/**
 * What follows one another in one role becomes one content: Gemini wants as many results in one content as there are
 * calls in the one before it.
 */
function writeContents(messages: readonly Message[], to: Target): JsonObject[] {
  const contents: Content[] = [];
  const names = new Map<string, string>();
  for (const message of messages) {
    const parts = writeMessage(message, names, to);
    if (parts.length === 0) continue;
    const last = contents.at(-1);
    if (last?.of === message.role) for (const part of parts) last.parts.push(part);
    else contents.push({ of: message.role, role: message.role === 'assistant' ? 'model' : 'user', parts });
  }
  return contents.map(({ role, parts }) => ({ role, parts }));
}

/** @param names the function that each call so far was to: a result goes by that name here. */
function writeMessage(message: Message, names: Map<string, string>, to: Target): JsonObject[] {
  switch (message.role) {
    case 'system':
      return [];
    case 'user':
      if (message.name !== undefined) to.losses.add(`${message.at}.name`, 'who speaks has no name');
      return message.parts.map((part) => writeUserPart(part, to)).filter(isSaid);
    case 'assistant':
      for (const part of message.parts) if (part.kind === 'tool-call') names.set(part.id, part.name);
      return writeAnswered(message, to);
    case 'tool':
      return message.parts.map((part) => writeResult(part, names.get(part.callId), to)).filter(isSaid);
  }
}

function isSaid(part: JsonObject | undefined): part is JsonObject {
  return part !== undefined;
}

/** Gemini gets back what it signed, as it is. */
const sign: Sign = ({ signature }) => (signature === undefined ? {} : { thoughtSignature: signature });

function writeAnswered(message: AssistantMessage, to: Target): JsonObject[] {
  const firstCall = message.parts.find(({ kind }) => kind === 'tool-call');
  return message.parts.map((part) => writeOne(part, part === firstCall, to)).filter(isSaid);
}

function writeOne(part: AssistantPart, isFirstCall: boolean, to: Target): JsonObject | undefined {
  if (part.kind === 'reasoning') {
    if (part.redacted !== undefined) {
      to.losses.hint(part.at, 'only the provider whose thought it is can read it');
      return undefined;
    }
    if (part.id !== undefined) to.losses.hint(part.at, 'a thought has no id');
  }
  if (part.kind === 'text' && part.citations !== undefined) {
    to.losses.hint(part.at, 'the citations of a past answer are not told again');
  }
  if (part.kind === 'tool-call' && isFirstCall && part.signature === undefined && isGemini3(to.model)) {
    to.losses.hint(part.at, 'it came without its signature, so Gemini does not know what it thought then');
    return writeAssistantPart({ ...part, signature: UNSIGNED }, sign, to);
  }
  return writeAssistantPart(part, sign, to);
}

function writeUserPart(part: UserPart, to: Target): JsonObject | undefined {
  hintCache(part, to);
  return part.kind === 'text' ? writeText(part, sign) : writeMedia(part, to);
}

function writeResult(result: ToolResult, name: string | undefined, to: Target): JsonObject | undefined {
  hintCache(result, to);
  if (name === undefined) {
    to.losses.add(result.at, 'the call that it answers is not in the messages, and Gemini wants its function by name');
    return undefined;
  }
  const texts = result.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const media = result.parts.map((part) => (part.kind === 'text' ? undefined : writeMedia(part, to))).filter(isSaid);
  for (const part of result.parts) hintCache(part, to);
  if (texts.length > 1) to.losses.hint(result.at, 'its texts become one, a line each');
  const response =
    texts.length === 0 && media.length > 0 && result.isError !== true
      ? {}
      : responseOfText({ text: texts.join('\n'), isError: result.isError === true });
  // Gemini 3 reads what stands beside the response; earlier models refuse it.
  return { functionResponse: { id: result.callId, name, response, ...(media.length > 0 && { parts: media }) } };
}
