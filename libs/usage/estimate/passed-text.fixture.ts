import type { PassedText } from './passed-text.js';

/** An answer that passed with this text and nothing else. */
export function passedText(text: string, other: Partial<PassedText> = {}): PassedText {
  return {
    texts: { text: text === '' ? [] : [text], reasoning: [], toolCall: [] },
    dropped: { text: 0, reasoning: 0, toolCall: 0 },
    uncounted: [],
    begun: true,
    failed: false,
    ...other,
  };
}
