/**
 * A request to a model in no protocol's words: what a request of each protocol is read into, and written from.
 * `at` is where a thing stands in the body it was read from, such as `messages.2.content.0`: for errors only.
 */
export interface ChatRequest {
  /** Absent where the protocol has it in the path (Gemini). */
  readonly model?: string;
  readonly stream?: boolean;
  /** The system prompt: what stands before the first turn. */
  readonly instructions: readonly TextPart[];
  readonly messages: readonly Message[];
  readonly tools: readonly FunctionTool[];
  readonly settings: Settings;
}

/**
 * One turn. What follows one another in one role may be one message or several; the tool results of one turn stand in
 * one message. A `system` message is one that comes after the first turn.
 */
export type Message =
  | { readonly role: 'system'; readonly at: string; readonly parts: readonly TextPart[] }
  | { readonly role: 'user'; readonly at: string; readonly name?: string; readonly parts: readonly UserPart[] }
  | { readonly role: 'assistant'; readonly at: string; readonly parts: readonly AssistantPart[] }
  | { readonly role: 'tool'; readonly at: string; readonly parts: readonly ToolResult[] };

export type UserPart = TextPart | ImagePart | FilePart | AudioPart;
export type AssistantPart = TextPart | ReasoningPart | ToolCall | RefusalPart | ImagePart;
export type Part = UserPart | AssistantPart | ToolResult;

interface Placed {
  readonly at: string;
  /** The provider shall cache the prompt up to here, for so long. */
  readonly cache?: '5m' | '1h';
}

export interface TextPart extends Placed {
  readonly kind: 'text';
  readonly text: string;
  readonly citations?: readonly Citation[];
  readonly logprobs?: readonly TokenLogprob[];
  /** Opaque: the provider wants it back with the text (Gemini). */
  readonly signature?: string;
}

export interface ImagePart extends Placed {
  readonly kind: 'image';
  readonly source: Source;
  readonly detail?: string;
}

/** A document, or any other medium than image and audio. */
export interface FilePart extends Placed {
  readonly kind: 'file';
  readonly source: Source;
  readonly name?: string;
}

export interface AudioPart extends Placed {
  readonly kind: 'audio';
  readonly source: Source;
}

export type Source =
  | { readonly from: 'bytes'; readonly mediaType: string; readonly base64: string }
  | { readonly from: 'url'; readonly url: string; readonly mediaType?: string }
  /** An upload at the provider: nobody else knows it. */
  | { readonly from: 'upload'; readonly id: string; readonly mediaType?: string };

/** What a model thought. `signature` is opaque and goes back to the provider untouched; `redacted` has no text. */
export interface ReasoningPart extends Placed {
  readonly kind: 'reasoning';
  readonly text: string;
  /** The text is a summary of the thoughts and not the thoughts. */
  readonly isSummary?: boolean;
  readonly signature?: string;
  readonly redacted?: string;
  readonly id?: string;
}

export interface ToolCall extends Placed {
  readonly kind: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it: it may be broken off. */
  readonly arguments: string;
  readonly signature?: string;
}

export interface ToolResult extends Placed {
  readonly kind: 'tool-result';
  readonly callId: string;
  readonly parts: readonly (TextPart | ImagePart | FilePart)[];
  readonly isError?: boolean;
}

export interface RefusalPart extends Placed {
  readonly kind: 'refusal';
  readonly text: string;
}

/** A source on the web for a stretch of text. Offsets: characters of the part's text. */
export interface Citation {
  readonly url: string;
  readonly title?: string;
  readonly start?: number;
  readonly end?: number;
}

export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes?: readonly number[];
  readonly top?: readonly Omit<TokenLogprob, 'top'>[];
}

export interface FunctionTool {
  readonly at: string;
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema; absent when the function takes nothing. */
  readonly parameters?: JsonSchema;
  readonly strict?: boolean;
  readonly cache?: '5m' | '1h';
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'allowed'; readonly names: readonly string[]; readonly mode: 'auto' | 'required' };

/** Everything that steers the answer. Absent means: the provider's default. */
export interface Settings {
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  /** Log probabilities of the chosen tokens, and of so many others beside each. */
  readonly logprobs?: { readonly top: number };
  /** How many answers; 1 is as good as absent. */
  readonly candidates?: number;
  readonly output?: OutputFormat;
  readonly reasoning?: ReasoningSetting;
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly verbosity?: string;
  readonly user?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly serviceTier?: string;
}
export type Setting = keyof Settings;

export type OutputFormat =
  | { readonly kind: 'json' }
  | {
      readonly kind: 'json-schema';
      readonly schema: JsonSchema;
      readonly name?: string;
      readonly description?: string;
      readonly strict?: boolean;
    };

export interface ReasoningSetting {
  readonly effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
  /** 0 means off, -1 that the model decides. */
  readonly budgetTokens?: number;
  /** Whether the answer shows thoughts, and at what length where the protocol can say it. */
  readonly shown?: boolean | 'auto' | 'concise' | 'detailed';
}
