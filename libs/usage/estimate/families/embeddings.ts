import { asObject, objectsIn } from '../../json.js';
import { askPrompts, type Asked } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';

/** OpenAI and Voyage (`input`), Cohere (`texts`, `inputs`) and Gemini (`content`, `requests`). It only reads. */
export const embeddings: EstimateFamily = {
  answerMembers: ['data', 'embeddings', 'embedding'],
  generates: false,
  ask(request, asked) {
    askPrompts(request['input'], asked);
    askPrompts(request['texts'], asked);
    if (request['inputs'] !== undefined || request['images'] !== undefined) asked.without('inputs that are not text');
    for (const one of [request, ...objectsIn(request['requests'])]) askContent(one['content'], asked);
  },
  generated: () => [],
};

function askContent(content: unknown, asked: Asked): void {
  for (const part of objectsIn(asObject(content)?.['parts'])) {
    if (typeof part['text'] === 'string') asked.text(part['text']);
    else asked.without('a part that is not text');
  }
}
