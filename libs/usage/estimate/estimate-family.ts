import type { JsonObject } from '../json.js';
import type { Asked } from './asked.js';
import type { Generated } from './generated.js';

/** What a protocol family has to say for estimating: where the text is that a model read and that it wrote. */
export interface EstimateFamily {
  /** A whole JSON answer has one of these, and an error none. */
  readonly answerMembers: readonly string[];
  /** False where an answer has no tokens of its own, such as an embedding. */
  readonly generates: boolean;
  /** Writes down what the request gives the model to read, and how much it may answer. */
  ask(request: JsonObject, asked: Asked): void;
  /** What one message of a stream, or a whole JSON answer, shows of what the model produced. */
  generated(message: JsonObject): Generated[];
}
