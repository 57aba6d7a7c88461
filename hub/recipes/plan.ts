import type { Condition } from '../conditions/condition.ts';
import type { Template } from '../conditions/template.ts';
import type { RoleTag } from '../schema.ts';

// What a text says, ready to be run: the steps are numbered through, and so are the blocks that they stand in. Block 0 is the
// run's own.

export interface Plan {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly Ask[];
  readonly blocks: readonly Block[];
  readonly nodes: readonly Node[];
}

/** One input that a run, or the answer to an approval, is to have. */
export interface Ask {
  readonly name: string;
  readonly type: AskType;
  readonly about: string;
  readonly isRequired: boolean;
  /** JSON; empty for none. */
  readonly preset: string;
  /** The values that are allowed; empty for any. */
  readonly choices: readonly string[];
}

export const askTypes = ['text', 'number', 'boolean', 'list', 'any'] as const;
export type AskType = (typeof askTypes)[number];

export interface Block {
  readonly nodes: readonly number[];
  /** Those that wait for no other. */
  readonly first: readonly number[];
  /** Its result is the block's: its output step, or its last one. */
  readonly result: number;
}

export interface Node {
  readonly id: string;
  readonly block: number;
  /** The steps of its block that must have ended before. */
  readonly after: readonly number[];
  readonly followers: readonly number[];
  readonly when: Condition | undefined;
  /** 0 for none. */
  readonly timeoutMs: number;
  readonly onFailure: OnFailure;
  readonly compensate: Work | undefined;
  readonly action: Action;
}

/** `fail`: the block that it stands in fails. */
export type OnFailure =
  | { readonly tag: 'fail' }
  | { readonly tag: 'continue' }
  | { readonly tag: 'steps'; readonly block: number };

/** One task. */
export interface Work {
  readonly skill: string;
  readonly input: Template;
  readonly title: Template | undefined;
  readonly labels: readonly string[];
  readonly priority: number;
  /** Attempts of its task; 0 for the default. */
  readonly attempts: number;
}

export interface Gate {
  readonly condition: Condition;
  /** Tasks in all, the first one included. */
  readonly tries: number;
}

export type Action =
  | { readonly kind: 'Skill'; readonly work: Work; readonly check: Gate | undefined }
  | {
      readonly kind: 'If';
      readonly condition: Condition;
      readonly holds: number;
      readonly otherwise: number | undefined;
    }
  | { readonly kind: 'Parallel'; readonly blocks: readonly number[] }
  | { readonly kind: 'Map'; readonly over: Template; readonly limit: number; readonly block: number }
  | { readonly kind: 'Loop'; readonly block: number; readonly max: number; readonly until: Condition | undefined }
  | { readonly kind: 'Wait'; readonly wait: WaitFor }
  | { readonly kind: 'Approve'; readonly prompt: Template; readonly role: RoleTag; readonly asks: readonly Ask[] }
  | { readonly kind: 'Recipe'; readonly recipe: string; readonly input: Template }
  | { readonly kind: 'Output'; readonly value: Template };

export type WaitFor =
  | { readonly tag: 'time'; readonly ms: number }
  | { readonly tag: 'until'; readonly at: Template }
  | { readonly tag: 'event'; readonly kind: string; readonly where: Condition | undefined };
