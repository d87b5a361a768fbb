import { asObject, objectsIn, type JsonObject } from '../../json.js';
import type { Asked } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { laneOf, pieces, READ_LATER, toolCall, type Generated } from '../generated.js';
import { geminiImage, type ImageRule } from '../image-tokens.js';

/** https://ai.google.dev/api/generate-content: its JSON takes every member in camelCase and in snake_case. */
export const gemini: EstimateFamily = {
  answerMembers: ['candidates'],
  generates: true,
  ask(request, asked) {
    for (const tool of objectsIn(request['tools'])) askTool(tool, asked);
    if (either(request, 'cachedContent', 'cached_content') !== undefined)
      asked.without('what cachedContent stands for');
    const config = asObject(either(request, 'generationConfig', 'generation_config')) ?? {};
    const hasOwnResolution = either(config, 'mediaResolution', 'media_resolution') !== undefined;
    const imageRule = hasOwnResolution ? undefined : geminiImage(asked.model);
    const instruction = asObject(either(request, 'systemInstruction', 'system_instruction'));
    for (const content of [...(instruction ? [instruction] : []), ...objectsIn(request['contents'])]) {
      askParts(content, imageRule, asked);
    }
    asked.definition(either(config, 'responseSchema', 'response_schema'));
    asked.limit(
      either(config, 'maxOutputTokens', 'max_output_tokens'),
      either(config, 'candidateCount', 'candidate_count'),
    );
  },
  generated(message) {
    return objectsIn(message['candidates']).flatMap((candidate, position) =>
      objectsIn(asObject(candidate['content'])?.['parts']).flatMap((part) =>
        partIn(part, laneOf(candidate['index'] ?? position)),
      ),
    );
  },
};

function either(object: JsonObject, camelCase: string, snakeCase: string): unknown {
  return object[camelCase] ?? object[snakeCase];
}

function partIn(part: JsonObject, lane: string): Generated[] {
  const call = asObject(part['functionCall']);
  const isThought = part['thought'] === true;
  return [
    ...pieces(lane, isThought ? { reasoning: part['text'] } : { text: part['text'] }),
    ...toolCall(lane, call?.['name'], call?.['args']),
    ...objectsIn(call?.['partialArgs']).flatMap((arg) => toolCall(lane, arg['jsonPath'], valueOf(arg))),
    ...pieces(lane, { text: asObject(part['executableCode'])?.['code'] }),
    ...pieces(lane, { uncounted: (part['executableCode'] ?? part['toolCall']) ? READ_LATER : undefined }),
    ...pieces(lane, {
      uncounted:
        isThought || part['thoughtSignature'] !== undefined
          ? 'thoughts that are shown as a summary or not at all'
          : undefined,
    }),
    ...pieces(lane, { uncounted: part['inlineData'] === undefined ? undefined : 'an image or audio' }),
  ];
}

/** A piece of a streamed argument; one that is no text is short. */
function valueOf({ stringValue, numberValue, boolValue }: JsonObject): unknown {
  return stringValue ?? (numberValue === undefined && boolValue === undefined ? '' : String(numberValue ?? boolValue));
}

function askParts(content: JsonObject, imageRule: ImageRule | undefined, asked: Asked): void {
  for (const part of objectsIn(content['parts'])) {
    const call = either(part, 'functionCall', 'function_call') ?? either(part, 'functionResponse', 'function_response');
    const inline = asObject(either(part, 'inlineData', 'inline_data'));
    const mime = inline && either(inline, 'mimeType', 'mime_type');
    if (typeof part['text'] === 'string') asked.text(part['text']);
    else if (call !== undefined) asked.definition(call);
    else if (typeof mime === 'string' && mime.startsWith('image/')) asked.image(inline?.['data'], imageRule);
    else asked.without(inline ? `inline data of type ${String(mime)}` : 'a part that is not text');
  }
}

function askTool(tool: JsonObject, asked: Asked): void {
  const declarations = either(tool, 'functionDeclarations', 'function_declarations');
  if (declarations !== undefined) asked.definition(declarations);
  else asked.without(`the definition of the built-in tool ${Object.keys(tool).join(', ')}`);
}
