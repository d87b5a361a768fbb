import { asObject, objectsIn, type JsonObject } from '../../json.js';
import { frameMessages, type Asked } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { laneOf, pieces, toolCall, type Generated } from '../generated.js';
import { askImageUrl } from './openai-chat.js';

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const openaiResponses: EstimateFamily = {
  answerMembers: ['output'],
  generates: true,
  ask(request, asked) {
    const { input } = request;
    const items = objectsIn(input);
    frameMessages((typeof input === 'string' ? 1 : items.length) + (request['instructions'] ? 1 : 0), asked);
    asked.text(request['instructions']);
    asked.text(input);
    for (const item of items) askItem(item, asked);
    for (const tool of objectsIn(request['tools'])) askTool(tool, asked);
    asked.definition(asObject(asObject(request['text'])?.['format'])?.['schema']);
    for (const earlier of ['previous_response_id', 'conversation', 'prompt']) {
      if (request[earlier] !== undefined && request[earlier] !== null) asked.without(`what ${earlier} stands for`);
    }
    asked.limit(request['max_output_tokens']);
  },
  generated(message) {
    if (Array.isArray(message['output'])) return objectsIn(message['output']).flatMap(wholeItem);
    const lane = laneOf(message['output_index'], message['content_index'] ?? message['summary_index']);
    switch (message['type']) {
      case 'response.output_item.added':
        return begunItem(asObject(message['item']) ?? {}, lane);
      case 'response.reasoning_summary_text.delta':
        return pieces(lane, { reasoning: message['delta'], uncounted: SUMMARISED });
      default: {
        const kind = typeof message['type'] === 'string' ? deltas[message['type']] : undefined;
        return kind === undefined ? [] : pieces(lane, { [kind]: message['delta'] });
      }
    }
  },
};

const SUMMARISED = 'reasoning that is shown as a summary or not at all';

const deltas: Readonly<Record<string, Generated['kind']>> = {
  'response.output_text.delta': 'text',
  'response.refusal.delta': 'text',
  'response.audio.transcript.delta': 'text',
  'response.reasoning_text.delta': 'reasoning',
  'response.function_call_arguments.delta': 'toolCall',
  'response.custom_tool_call_input.delta': 'toolCall',
  'response.mcp_call_arguments.delta': 'toolCall',
  'response.code_interpreter_call_code.delta': 'toolCall',
  'response.shell_call_command.delta': 'toolCall',
  'response.apply_patch_call_operation_diff.delta': 'toolCall',
};

/** The items that show what the model wrote to make them. */
const SHOWN =
  /^(message|function_call|custom_tool_call|mcp_call|code_interpreter_call|(local_)?shell_call|apply_patch_call)$/;

function begunItem(item: JsonObject, lane: string): Generated[] {
  const type = String(item['type']);
  if (type === 'reasoning') return pieces(lane, { uncounted: SUMMARISED });
  if (SHOWN.test(type)) return pieces(lane, { toolCall: item['name'] });
  const isHidden = type.endsWith('_call') || type === 'compaction';
  return pieces(lane, {
    uncounted: isHidden ? 'a built-in tool or a compaction, whose words are not shown' : undefined,
  });
}

function wholeItem(item: JsonObject, position: number): Generated[] {
  const lane = String(position);
  const parts = (content: unknown, kind: 'text' | 'reasoning') =>
    objectsIn(content).flatMap((part, at) => pieces(laneOf(lane, at), { [kind]: part['text'] ?? part['refusal'] }));
  if (item['type'] === 'message') return parts(item['content'], 'text');
  if (item['type'] !== 'reasoning') {
    return [
      ...begunItem({ ...item, name: undefined }, lane),
      ...toolCall(lane, item['name'], item['arguments'] ?? item['input'] ?? item['code']),
    ];
  }
  const told = parts(item['content'], 'reasoning');
  return told.length > 0 ? told : [...parts(item['summary'], 'reasoning'), ...begunItem(item, lane)];
}

function askItem(item: JsonObject, asked: Asked): void {
  asked.text(item['role']);
  asked.text(item['name']);
  asked.text(item['arguments'] ?? item['input']);
  askContent(item['content'], asked);
  askContent(item['output'], asked);
  if (item['type'] === 'item_reference') asked.without('an item that is only referred to');
  if (typeof item['encrypted_content'] === 'string') asked.without('encrypted reasoning');
}

function askContent(content: unknown, asked: Asked): void {
  asked.text(content);
  for (const part of objectsIn(content)) {
    if (typeof part['text'] === 'string') asked.text(part['text']);
    else if (part['type'] === 'refusal') asked.text(part['refusal']);
    else if (part['type'] === 'input_image') askImageUrl({ ...part, url: part['image_url'] }, asked);
    else asked.without(`a part of type ${String(part['type'])}`);
  }
}

function askTool(tool: JsonObject, asked: Asked): void {
  if (tool['type'] === 'function' || tool['type'] === 'custom') asked.definition(tool);
  else asked.without(`the definition of the built-in tool ${String(tool['type'])}`);
}
