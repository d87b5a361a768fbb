import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scriptOf, scripts } from './written-in.js';

describe('the script of a request', () => {
  it.each([
    ['Where is the station?', 'latin'],
    ['Wo ist die nächste Straße?', 'latin'],
    ['请问车站在哪里? (station)', 'han'],
    ['駅はどこですか。東京都新宿区', 'kana'],
    ['ホテル', 'kana'],
    ['역이 어디예요?', 'hangul'],
    ['Где находится вокзал?', 'cyrillic'],
    ['أين المحطة؟', 'arabic'],
    ['איפה התחנה?', 'hebrew'],
    ['स्टेशन कहाँ है?', 'devanagari'],
    ['Πού είναι ο σταθμός;', 'greek'],
    ['สถานีอยู่ที่ไหน', 'thai'],
    ['12 + 30 = ?', undefined],
    ['', undefined],
  ])('of %j is %s', (content, script) => {
    expect(scriptOf({ messages: [{ role: 'user', content }] })).toBe(script);
  });

  const user = 'Где вокзал?';
  const others = { role: 'assistant', content: 'By the river, I think' };
  it.each([
    ['OpenAI chat', { messages: [{ role: 'system', content: 'Be kind' }, { role: 'user', content: user }, others] }],
    ['its parts', { messages: [{ role: 'user', content: [{ type: 'image_url' }, { type: 'text', text: user }] }] }],
    ['Anthropic', { messages: [{ role: 'user', content: user }, others, toolResult()] }],
    ['Gemini', { contents: [{ parts: [{ text: user }] }, { role: 'model', parts: [{ text: 'By the river' }] }] }],
    ['responses', { input: [{ role: 'user', content: [{ type: 'input_text', text: user }] }] }],
    ['a response', { input: user, instructions: 'Be kind' }],
    ['embeddings', { input: ['Where', user] }],
    ['a completion', { prompt: user }],
  ])('is that of what the user wrote last in %s', (_what, json) => {
    expect(scriptOf(json)).toBe('cyrillic');
  });

  it('is one of those that there are, or none, whatever is in the request', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, content) => {
        for (const json of [{ messages: value }, { input: value }, { contents: [value] }, { prompt: content }]) {
          expect([...scripts, undefined]).toContain(scriptOf(json));
        }
      }),
    );
  });
});

function toolResult() {
  return { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'A map of the town' }] }] };
}
