import type { Spend } from '../spending.ts';

/** A language model that may call tools. */
export interface LanguageModel {
  /** As a person knows it, such as `qwen3:8b`: the one that is asked first. */
  readonly name: string;
  /** One to go on with when money is short. */
  readonly cheaper?: LanguageModel | undefined;
  /**
   * One turn of the conversation. A server that fails is asked again, or another one instead, within limits.
   *
   * Throws `LimbError` when no server answers, `BudgetShort` when the budgets have too little left, and the signal's
   * reason when it is aborted.
   */
  turn(request: TurnRequest): Promise<Turn>;
}

export interface TurnRequest {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  readonly tokensOutMax: number;
  /** Of each request to a server; none: as the router is set. */
  readonly timeMs?: number | undefined;
  /** The answer is to be JSON that fits. */
  readonly output?: OutputFormat | undefined;
  readonly signal: AbortSignal;
  /** Within this each request to a server is made: failed ones cost what they have used. */
  readonly spend: Spend;
  /** Hears the answer's text piece by piece. */
  readonly onText?: (text: string) => void;
  /** A server has failed, for the reason given. What was heard of the text is void: what follows begins anew. */
  readonly onFailure?: (model: string, reason: string) => void;
}

export interface OutputFormat {
  readonly name: string;
  /** JSON schema of the answer. */
  readonly schema: Record<string, unknown>;
  /** Throws when the parsed answer does not fit. */
  check(value: unknown): void;
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
  /** The one that answered. */
  readonly model: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** The answer was cut off at `tokensOutMax`. */
  readonly isCutOff: boolean;
  /** Of all requests that it took, also of those that failed on the way. */
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** What they cost, in millionths. */
  readonly micros: number;
  /** Some of these are estimates, because a server did not say. */
  readonly isEstimated: boolean;
}
