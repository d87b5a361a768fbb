import type { ImageSize } from './image-size.js';
import { CLAUDE_SINCE_4_7 } from './tokenizer-of.js';

/** How many tokens an image of a size is, by the documented rule of a model family. */
export type ImageRule = (size: ImageSize) => number;

/** https://docs.anthropic.com/en/docs/build-with-claude/vision: shrunk to a longest edge and to a most of tokens. */
export function anthropicImage(model: string): ImageRule {
  const { edge, most } = CLAUDE_SINCE_4_7.test(model) ? { edge: 2576, most: 4784 } : { edge: 1568, most: 1600 };
  return (size) => {
    const { width, height } = shrink(size, edge / Math.max(size.width, size.height));
    return Math.min(Math.ceil((width * height) / 750), most);
  };
}

/** https://ai.google.dev/gemini-api/docs/tokens: 258 for a small image, and for each tile of a larger one. */
export function geminiImage(model: string): ImageRule {
  // https://ai.google.dev/gemini-api/docs/media-resolution: the default since Gemini 3.
  if (/gemini-3/.test(model)) return () => 1120;
  return ({ width, height }) => {
    if (width <= 384 && height <= 384) return 258;
    const unit = Math.max(256, Math.min(768, Math.floor(Math.min(width, height) / 1.5)));
    return 258 * Math.ceil(width / unit) * Math.ceil(height / unit);
  };
}

/** Tokens of an image as such, and of each tile of 512 pixels: https://platform.openai.com/docs/guides/images-vision */
const tiled: readonly (readonly [model: RegExp, base: number, tile: number])[] = [
  [/^gpt-4o-mini/, 2833, 5667],
  [/^(chatgpt-4o|gpt-4o|gpt-4\.1|gpt-4\.5|gpt-4-turbo)(?!.*(mini|nano))/, 85, 170],
  [/^gpt-5(\.1)?(-chat)?(-\d{4}|$|-latest)/, 70, 140],
  [/^o[13](-pro)?(-\d{4}|$)/, 75, 150],
];

/** @returns undefined for a model whose rule is another one: its images are not counted. */
export function openaiImage(model: string, detail: unknown): ImageRule | undefined {
  const [, base, tile] = tiled.find(([pattern]) => pattern.test(model.slice(model.lastIndexOf('/') + 1))) ?? [];
  if (base === undefined || tile === undefined) return undefined;
  if (detail === 'low') return () => base;
  return (size) => {
    const fitting = shrink(size, 2048 / Math.max(size.width, size.height));
    const { width, height } = shrink(fitting, 768 / Math.min(fitting.width, fitting.height));
    return base + tile * Math.ceil(width / 512) * Math.ceil(height / 512);
  };
}

function shrink({ width, height }: ImageSize, scale: number): ImageSize {
  return scale >= 1 ? { width, height } : { width: width * scale, height: height * scale };
}
