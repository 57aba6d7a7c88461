/** A language model that may call tools. */
export interface LanguageModel {
  /** As a person knows it, such as `qwen3:8b`. */
  readonly name: string;
  readonly price: Price;
  /** One to go on with when money is short. */
  readonly cheaper?: LanguageModel | undefined;
  /**
   * One turn of the conversation.
   *
   * `onText` hears the answer's text piece by piece. Throws `LimbError` when the server fails, and the signal's reason
   * when it is aborted.
   */
  turn(request: TurnRequest): Promise<Turn>;
}

/** Millionths of a currency unit a token, which is units a million tokens. */
export interface Price {
  readonly inMicros: number;
  readonly outMicros: number;
}

export const free: Price = { inMicros: 0, outMicros: 0 };

export interface TurnRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  readonly tokensOutMax: number;
  readonly signal: AbortSignal;
  readonly onText?: (text: string) => void;
}

export type Message =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly toolCalls: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly text: string };

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON schema of the arguments. */
  readonly parameters: Record<string, unknown>;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON as the model wrote it: it may be anything. */
  readonly argumentsJson: string;
}

export interface Turn {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** The answer was cut off at `tokensOutMax`. */
  readonly isCutOff: boolean;
  /** As the server counts them; 0 when it does not say. */
  readonly tokensIn: number;
  readonly tokensOut: number;
}
