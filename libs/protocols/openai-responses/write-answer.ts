import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import { writeResponse } from './response-object.js';
import { writeStop } from './stop-reason.js';
import { type ItemFrame, itemsOf, writeItem } from './write-items.js';

export function writeAnswer({ choices, ...head }: ChatAnswer, to: Target): JsonObject {
  const [first, ...others] = choices;
  for (const { index } of others) tellOtherChoice(index, to);
  const parts = first?.parts ?? [];
  const stop = writeStop(first?.stop, new Set(parts.map(({ kind }) => kind)), to);
  const output = itemsOf(parts).map((item, index, items) => {
    // What came before the last item came whole.
    const status = index === items.length - 1 ? stop.status : 'completed';
    return writeItem(item, answerFrame(head.id ?? to.id, index, status), to);
  });
  return writeResponse({ ...head, ...stop, output }, to);
}

export function tellOtherChoice(index: number, to: Target): void {
  to.losses.add(`choices.${index}`, 'an OpenAI response is one answer');
}

export function answerFrame(answerId: string, index: number, status: ItemFrame['status']): ItemFrame {
  return { inAnswer: true, idOf: (prefix) => `${prefix}_${answerId}_${index}`, status };
}
