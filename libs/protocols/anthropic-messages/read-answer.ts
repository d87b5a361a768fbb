import { asObject, present } from '#usage/json.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { AssistantPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readAssistantBlocks } from './read-blocks.js';
import { readStop } from './stop-reason.js';

/** In the words of OpenAI, as everywhere in the middle. */
const serviceTiers: Readonly<Record<string, string>> = { standard: 'default' };

export function readAnswer(message: Members): ChatAnswer {
  // They say that it is an answer.
  message.ignore('type', 'role');
  readServiceMetadata(message);
  if (!message.has('content')) message.missing('content');
  const parts = [...readAssistantBlocks(message.objects('content')), ...readRefusal(message)];
  const reason = message.string('stop_reason');
  const sequence = message.string('stop_sequence');
  const tier = asObject(message.value('usage'))?.['service_tier'];
  return {
    ...present({ id: message.string('id'), model: message.string('model') }),
    choices: [{ index: 0, parts, ...(reason !== undefined && { stop: readStop(reason, sequence, message.losses) }) }],
    ...(typeof tier === 'string' && { serviceTier: serviceTiers[tier] ?? tier }),
  };
}

/** What the provider says about its own running. */
export function readServiceMetadata(message: Members): void {
  message.hint('container', 'where the code of the provider’s own tools ran');
  message.hint('context_management', 'what was cleared of the conversation');
  message.hint('diagnostics', 'how the prompt was cached');
}

/** Why an answer was refused stands beside its content. */
export function readRefusal(owner: Members): AssistantPart[] {
  const details = owner.object('stop_details');
  if (details === undefined) return [];
  // Its only type is refusal.
  details.ignore('type');
  const text = details.string('explanation');
  for (const name of [...details.unread()]) details.hint(name, 'which policy was triggered, and what may help');
  return text === undefined ? [] : [{ kind: 'refusal', at: details.at, text }];
}
