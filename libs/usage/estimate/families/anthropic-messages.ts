import { asObject, objectsIn, type JsonObject } from '../../json.js';
import { frameMessages, type Asked } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { pieces, READ_LATER, toolCall, type Generated } from '../generated.js';
import { anthropicImage } from '../image-tokens.js';

/** https://docs.anthropic.com/en/api/messages-streaming */
export const anthropicMessages: EstimateFamily = {
  answerMembers: ['content'],
  generates: true,
  ask(request, asked) {
    const messages = objectsIn(request['messages']);
    frameMessages(messages.length, asked);
    askContent(request['system'], asked);
    for (const message of messages) askContent(message['content'], asked);
    for (const tool of objectsIn(request['tools'])) {
      const { name, description, input_schema } = tool;
      if (input_schema !== undefined) asked.definition({ name, description, input_schema });
      else asked.without(`the definition of the tool ${String(tool['type'])}`);
    }
    asked.limit(request['max_tokens']);
  },
  generated(message) {
    const lane = message['index'];
    switch (message['type']) {
      case 'content_block_start':
        return blockIn(asObject(message['content_block']) ?? {}, lane);
      case 'content_block_delta':
        return deltaIn(asObject(message['delta']) ?? {}, lane);
      case 'message':
        return objectsIn(message['content']).flatMap(blockIn);
      default:
        return [];
    }
  },
};

/** Newer models show a summary of their thinking and bill all of it. */
const SUMMARISED = 'thinking, which may be shown as a summary or not at all';

function blockIn(block: JsonObject, lane: unknown): Generated[] {
  switch (block['type']) {
    case 'text':
      return pieces(lane, { text: block['text'] });
    case 'thinking':
    case 'redacted_thinking':
      return pieces(lane, { reasoning: block['thinking'], uncounted: SUMMARISED });
    case 'tool_use':
      return toolCall(lane, block['name'], block['input']);
    case 'server_tool_use':
    case 'mcp_tool_use':
      return [...toolCall(lane, block['name'], block['input']), ...pieces(lane, { uncounted: READ_LATER })];
    default:
      // Results of the server's own tools are read by the model, not written by it.
      return [];
  }
}

function deltaIn(delta: JsonObject, lane: unknown): Generated[] {
  switch (delta['type']) {
    case 'text_delta':
      return pieces(lane, { text: delta['text'] });
    case 'thinking_delta':
      return pieces(lane, { reasoning: delta['thinking'] });
    case 'input_json_delta':
      return pieces(lane, { toolCall: delta['partial_json'] });
    case 'compaction_delta':
      return pieces(lane, { text: delta['content'] });
    default:
      return [];
  }
}

function askContent(content: unknown, asked: Asked): void {
  asked.text(content);
  for (const block of objectsIn(content)) askBlock(block, asked);
}

function askBlock(block: JsonObject, asked: Asked): void {
  const source = asObject(block['source']);
  switch (block['type']) {
    case 'text':
      return asked.text(block['text']);
    case 'thinking':
      return asked.text(block['thinking']);
    case 'tool_use':
      asked.text(block['name']);
      return asked.definition(block['input']);
    case 'tool_result':
      return askContent(block['content'], asked);
    case 'image':
      return asked.image(source?.['data'], anthropicImage(asked.model));
    case 'document':
      asked.text(block['title']);
      asked.text(block['context']);
      if (source?.['type'] === 'text') return asked.text(source['data']);
      if (source?.['type'] === 'content') return askContent(source['content'], asked);
  }
  asked.without(`a block of type ${String(block['type'])}`);
}
