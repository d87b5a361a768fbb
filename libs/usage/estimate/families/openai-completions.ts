import { objectsIn } from '../../json.js';
import { askPrompts } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { pieces } from '../generated.js';

/** https://platform.openai.com/docs/api-reference/completions */
export const openaiCompletions: EstimateFamily = {
  answerMembers: ['choices'],
  generates: true,
  ask(request, asked) {
    askPrompts(request['prompt'], asked);
    asked.text(request['suffix']);
    asked.limit(request['max_tokens'], completionsOf(request['prompt'], request['best_of'] ?? request['n']));
  },
  generated: (message) =>
    objectsIn(message['choices']).flatMap((choice, position) =>
      pieces(choice['index'] ?? position, { text: choice['text'] }),
    ),
};

/** Each prompt of a list is completed on its own. */
function completionsOf(prompt: unknown, each: unknown): unknown {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
  return prompts * (typeof each === 'number' ? each : 1);
}
