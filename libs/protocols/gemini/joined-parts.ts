import { defined } from '../chat/defined.js';
import type { AssistantPart, ReasoningPart, TextPart } from '../chat/chat-request.js';
import type { Carried } from './thought-signature.js';

/**
 * Streams give a text in pieces, and clients send the pieces back as they came. Pieces of one kind are one part, until
 * a signature closes it: what is signed goes together with nothing else
 * (https://ai.google.dev/gemini-api/docs/thought-signatures). A signature with an empty text closes what came before.
 */
export function addAssistantPart(parts: AssistantPart[], part: AssistantPart): void {
  if (part.kind !== 'text' && part.kind !== 'reasoning') {
    parts.push(part);
    return;
  }
  const before = parts.at(-1);
  const carried = carriedBy(part);
  if (part.text === '' && Object.keys(carried).length === 0) return;
  if (before?.kind !== part.kind || !goesOn(before, part)) parts.push(part);
  else parts[parts.length - 1] = { ...before, text: before.text + part.text, ...carried };
}

/** Whether a piece belongs to the part before it. */
function goesOn(before: TextPart | ReasoningPart, piece: TextPart | ReasoningPart): boolean {
  if (Object.keys(carriedBy(before)).length > 0) return false;
  const { redacted, ...carried } = carriedBy(piece);
  return redacted === undefined && (Object.keys(carried).length === 0 || piece.text === '');
}

export function carriedBy(part: TextPart | ReasoningPart): Carried {
  const { redacted, id, isSummary } = part.kind === 'reasoning' ? part : {};
  return defined<Carried>({ signature: part.signature, redacted, id, isSummary });
}
