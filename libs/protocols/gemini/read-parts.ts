import { defined } from '../chat/defined.js';
import type { ImagePart, FilePart, Part, TextPart, ToolCall, ToolResult } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import type { CallIds } from './call-ids.js';
import { textOfResponse } from './function-response.js';
import { listOf } from './list-of.js';
import { readMedia } from './media.js';
import { unpackSignature } from './thought-signature.js';

/** undefined for a part that says nothing, or that no other protocol can carry: that one is told as a loss. */
export function readPart(part: Members, calls: CallIds): Part | undefined {
  part.hint('partMetadata', 'it is for the client itself');
  if (part.has('functionCall')) return readCall(part, calls);
  const result = part.object('functionResponse');
  if (result !== undefined) return readResult(result, calls);
  if (part.has('inlineData') || part.has('fileData')) return readMediaPart(part);
  if (!part.has('text')) {
    // An empty text is left out by some of Google's encoders, so a signature may stand alone.
    const others = [...part.unread()].filter((name) => !/^thought(_?signature)?$/i.test(name));
    if (others.length > 0) {
      part.lose(`${others.join(', ')} is the work of Gemini's own tools, or of a kind not known here`);
      return undefined;
    }
  }
  return readText(part);
}

function readText(part: Members): Part | undefined {
  const { at } = part;
  const text = part.string('text');
  const carried = unpackSignature(part.string('thoughtSignature'));
  const isThought = part.boolean('thought') === true;
  if (text === undefined && Object.keys(carried).length === 0) return undefined;
  if (isThought) return { kind: 'reasoning', at, text: text ?? '', ...carried };
  const { signature } = carried;
  return { kind: 'text', at, text: text ?? '', ...(signature !== undefined && { signature }) };
}

function readMediaPart(part: Members): Part | undefined {
  if (part.boolean('thought') === true) {
    part.lose('it is a draft that the model made while it was thinking');
    return undefined;
  }
  return readMedia(part);
}

function readCall(part: Members, calls: CallIds): ToolCall {
  const call = part.object('functionCall')!;
  const name = call.requiredString('name');
  // It tells that no more of the arguments follows, and here they are whole.
  if (call.boolean('willContinue') === false) call.ignore('willContinue');
  return defined<ToolCall>({
    kind: 'tool-call',
    at: part.at,
    id: calls.called(call.string('id'), name),
    name,
    arguments: JSON.stringify(call.json('args') ?? {}),
    signature: unpackSignature(part.string('thoughtSignature')).signature,
    cache: undefined,
  });
}

function readResult(result: Members, calls: CallIds): ToolResult {
  const name = result.string('name') ?? '';
  const callId = calls.answered(result.string('id'), name);
  if (callId === undefined) {
    throw result.wrong('name', 'the name of a function that was called before and has no result yet');
  }
  const media = listOf(result, 'parts').map(readResultMedia);
  const response = result.json('response') ?? {};
  const { text, isError } = textOfResponse(response);
  const hasText = Object.keys(response).length > 0 || media.length === 0;
  const said: TextPart[] = hasText ? [{ kind: 'text', at: result.at, text }] : [];
  return { kind: 'tool-result', at: result.at, callId, parts: [...said, ...media], ...(isError && { isError }) };
}

/** What a tool gave that is no image is a file to the others, sound too. */
function readResultMedia(part: Members): ImagePart | FilePart {
  const media = readMedia(part);
  if (media === undefined) throw part.wrong('inlineData', 'there, or fileData');
  return media.kind === 'audio' ? { ...media, kind: 'file' } : media;
}
