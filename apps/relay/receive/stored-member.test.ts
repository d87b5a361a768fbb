import { describe, expect, it } from '@jest/globals';
import { storedMember } from './stored-member.js';

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const gemini = (part: object) => ({ contents: [{ role: 'user', parts: [part] }] });
const responses = (item: object) => ({ model: 'm', input: [item] });

describe('what names something that is stored at the upstream', () => {
  it.each<[string, object]>([
    ['previous_response_id', { input: 'Hi', previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['conversation', { conversation: { id: 'conv_1' } }],
    ['prompt', { prompt: { id: 'pmpt_1', version: '2' } }],
    ['type', responses({ type: 'item_reference', id: 'msg_1' })],
    ['input', responses({ id: 'msg_1' })],
    ['type', responses({ type: 'image_generation_call', id: 'ig_1' })],
    ['file_id', responses({ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] })],
    ['vector_store_ids', { tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }],
    ['container', { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }],
    ['file_ids', { tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-1'] } }] }],
    [
      'container_id',
      { tools: [{ type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_1' } }] },
    ],
    ['file_id', user({ type: 'file', file: { file_id: 'file-1' } })],
    ['audio', { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }],
    ['file_id', user({ type: 'document', source: { type: 'file', file_id: 'file_1' } })],
    ['file_id', user({ type: 'tool_result', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] })],
    ['file_id', user({ type: 'container_upload', file_id: 'file_1' })],
    ['container', { container: { id: 'container_1' } }],
    ['skill_id', { container: { skills: [{ type: 'custom', skill_id: 'skill_1' }] } }],
    ['cachedContent', { cachedContent: 'cachedContents/1' }],
    ['cached_content', { cached_content: 'cachedContents/1' }],
    ['fileUri', gemini({ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/1' } })],
    ['fileUri', gemini({ fileData: { fileUri: 'https://youtu.be@generativelanguage.GOOGLEAPIS.com/v1beta/files/1' } })],
    ['file_uri', gemini({ file_data: { file_uri: 'gs://a-bucket/a-file' } })],
    ['fileUri', gemini({ fileData: { fileUri: 'files/1' } })],
    ['fileSearchStoreNames', { tools: [{ fileSearch: { fileSearchStoreNames: ['fileSearchStores/1'] } }] }],
    ['vertexAiSearch', { tools: [{ retrieval: { vertexAiSearch: { datastore: 'projects/1' } } }] }],
  ])('is %s of %j', (member, json) => {
    expect(storedMember(json as never)).toBe(member);
  });

  const schema = { type: 'object', properties: { file_id: { type: 'string', default: 'a' } }, file_id: 'a' };
  it.each<[string, object]>([
    ['a chat', { ...user({ type: 'text', text: 'my file_id' }), audio: { voice: 'alloy', format: 'mp3' } }],
    ['a completion', { prompt: 'Hi', store: true, previous_response_id: null, conversation: null }],
    ['schemas of the client’s functions', { tools: [{ function: { parameters: schema } }, { input_schema: schema }] }],
    [
      'arguments of theirs',
      user({ type: 'tool_use', id: 'toolu_1', name: 'f', input: { file_id: 'a', container: 'b' } }),
    ],
    ['arguments in Gemini', gemini({ functionCall: { name: 'f', args: { file_id: 'a' } } })],
    ['answers in Gemini', gemini({ functionResponse: { name: 'f', response: { file_id: 'a' } } })],
    ['a public video', gemini({ fileData: { fileUri: 'https://www.youtube.com/watch?v=1' } })],
    ['an image of the web', user({ type: 'image_url', image_url: { url: 'https://a/file_id' } })],
    ['the provider’s own skills', { container: { skills: [{ type: 'anthropic', skill_id: 'pptx' }] } }],
    ['a new container', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }],
    ['what was answered before', responses({ type: 'message', id: 'msg_1', role: 'assistant', content: [cites()] })],
    ['its searches', responses({ type: 'file_search_call', id: 'fs_1', results: [{ file_id: 'file-1' }] })],
    ['its code', responses({ type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1', code: '1' })],
    ['its image', responses({ type: 'image_generation_call', id: 'ig_1', result: 'AA==' })],
    [
      'Anthropic’s results',
      user({ type: 'bash_code_execution_tool_result', content: { content: [{ file_id: 'f' }] } }),
    ],
  ])('is not in %s', (_what, json) => {
    expect(storedMember(json as never)).toBeUndefined();
  });
});

function cites() {
  return { type: 'output_text', text: 'Hi', annotations: [{ type: 'file_citation', file_id: 'file-1' }] };
}
