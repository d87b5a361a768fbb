import type { Frame } from '#framing/frame.js';

const DONE = Buffer.from('[DONE]');

/** The event that ends a stream of OpenAI's, and of those who took it over. It is no JSON. */
export const isDone = ({ data }: Pick<Frame, 'data'>): boolean => data?.equals(DONE) === true;
