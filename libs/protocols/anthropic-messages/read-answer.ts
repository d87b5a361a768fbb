import { asObject, present } from '#usage/json.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { Members } from '../chat/members.js';
import { readAssistantBlocks } from './read-blocks.js';
import { readStop } from './stop-reason.js';

export function readAnswer(message: Members): ChatAnswer {
  // They say that it is an answer.
  message.ignore('type', 'role');
  readServiceMetadata(message);
  if (!message.has('content')) message.missing('content');
  const parts = readAssistantBlocks(message.objects('content'));
  const reason = message.string('stop_reason');
  const sequence = message.string('stop_sequence');
  const tier = asObject(message.value('usage'))?.['service_tier'];
  return {
    ...present({ id: message.string('id'), model: message.string('model') }),
    choices: [{ index: 0, parts, ...(reason !== undefined && { stop: readStop(reason, sequence, message.losses) }) }],
    ...(typeof tier === 'string' && {
      // In the words of OpenAI, as everywhere in the middle.
      serviceTier: tier === 'standard' ? 'default' : tier,
    }),
  };
}

/** What the provider says about its own running. */
export function readServiceMetadata(message: Members): void {
  message.hint('container', 'where the code of the provider’s own tools ran');
  message.hint('context_management', 'what was cleared of the conversation');
  message.hint('diagnostics', 'how the prompt was cached');
  message.hint('stop_details', 'which policy was triggered, in the words of the provider and not of the model');
}
