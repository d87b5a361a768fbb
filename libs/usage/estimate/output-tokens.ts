import type { UsageSegment } from '../usage.js';
import type { PassedText, TextKind } from './passed-text.js';
import type { Tokenizer } from './tokenizers.js';

type OutputTokens = UsageSegment['out'];

/** Where no text at all could be kept. https://platform.openai.com/tokenizer: about four characters of English. */
const BYTES_PER_TOKEN = 4;

/** Counts the text that passed. The name and the arguments of a tool's call are text to a provider, and framed. */
export function countOutput(answer: PassedText, tokenizer: Tokenizer): { text: number; reasoning: number } {
  const count = (kind: TextKind) => {
    const kept = answer.texts[kind];
    const tokens = kept.reduce((sum, text) => sum + tokenizer.count(text), 0);
    const dropped = answer.dropped[kind];
    if (dropped === 0) return tokens;
    const bytes = kept.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return tokens + Math.ceil(bytes === 0 ? dropped / BYTES_PER_TOKEN : (dropped * tokens) / bytes);
  };
  const text = count('text') + count('toolCall');
  const reasoning = count('reasoning');
  const framing = answer.texts.toolCall.length * tokenizer.callTokens + tokenizer.answerTokens;
  return { text: text + (text + reasoning === 0 ? 0 : framing), reasoning };
}

/**
 * What was told of the output so far, raised to what was counted, but not above the limit. A provider may tell one
 * running total and leave its reasoning in it, so the totals are compared; what was told is never lowered.
 */
export function raiseOutput(
  told: OutputTokens,
  counted: { text: number; reasoning: number },
  limit: number,
): { out: OutputTokens; cut: boolean } {
  const { text: toldText = 0, reasoning: toldReasoning = 0, ...rich } = told;
  const richTokens = Object.values(rich).reduce((sum, tokens) => sum + tokens, 0);
  const likelyReasoning = Math.max(toldReasoning, counted.reasoning);
  const countedTotal = counted.text + likelyReasoning + richTokens;
  const toldTotal = toldText + toldReasoning + richTokens;
  const total = Math.max(toldTotal, Math.min(countedTotal, limit));
  const reasoning = Math.min(likelyReasoning, total - richTokens);
  const text = total - richTokens - reasoning;
  const hasReasoning = reasoning > 0 || told.reasoning !== undefined;
  return { out: { ...rich, text, ...(hasReasoning && { reasoning }) }, cut: countedTotal > total };
}
