/** Gemini 3 brought levels of thinking, and wants its signatures back. A name that does not tell counts as an earlier one. */
export function isGemini3(model: string): boolean {
  return /gemini-([3-9]|\d\d)/.test(model);
}
