import type { CompiledModule } from '../compiled.ts';
import type { FailureCode } from '../failure.ts';
import type { ModuleLogRecord } from '../log-record.ts';
import type { DataCalls } from '../syscalls.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly compiled: CompiledModule;
  readonly identity: bigint;
  readonly loadMsMax: number;
  /** Carries everything from the thread, and the answers to it. */
  readonly port: import('node:worker_threads').MessagePort;
  /** The numbers of `signalAt`. */
  readonly signal: SharedArrayBuffer;
}

/** Places of the i32 numbers by which a thread and its host wake each other. */
export const signalAt = {
  /** Raised to 1 when an answer has been put into the port. */
  answered: 0,
  /** How many messages the thread has put into the port. */
  told: 1,
} as const;

export const signalBytes = 8;

/** What a thread is to run; one at a time. */
export type Job =
  | {
      readonly kind: 'procedure';
      readonly id: number;
      readonly sender: bigint;
      readonly connectionId: bigint;
      readonly timestampMicros: bigint;
      readonly args: Uint8Array;
      /** Of the connection, which may end before the job does. */
      readonly claims: string;
    }
  | {
      readonly kind: 'handler';
      readonly id: number;
      readonly timestampMicros: bigint;
      readonly request: Uint8Array;
      readonly body: Uint8Array;
    };

/** The calls that a thread makes of its host and waits for, by name. */
export interface HostCalls extends DataCalls {
  start(): bigint;
  commit(): void;
  abort(): void;
  fetch(request: Uint8Array, body: Uint8Array): readonly [Uint8Array, Uint8Array];
  claims(connectionId: bigint): string;
  /** Like `advance`, but with the room that there is for rows instead of the buffer. */
  rows(iterator: number, bytesMax: number): readonly [length: number, bytes: Uint8Array];
}

/** What a thread sends. */
export type FromThread =
  | { readonly kind: 'call'; readonly name: keyof HostCalls; readonly args: readonly unknown[] }
  | { readonly kind: 'log'; readonly record: ModuleLogRecord }
  | { readonly kind: 'schedule'; readonly reducer: string; readonly args: Uint8Array }
  | { readonly kind: 'done'; readonly parts: readonly Uint8Array[] }
  | { readonly kind: 'failed'; readonly outcome: 'rejected' | 'failed'; readonly message: string };

/** The answer to a call. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly code: FailureCode; readonly message: string }
  | { readonly kind: 'too-small'; readonly bytesNeeded: number }
  /** The host's own error: the call must not go on. */
  | { readonly kind: 'fatal'; readonly message: string };
