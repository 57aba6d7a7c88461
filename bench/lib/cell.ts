import type { Settings } from '../settings.ts';

/** One part of the benchmark. */
export interface Cell {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<Report>;
}

/** What a cell is given. */
export interface Bench {
  readonly settings: Settings;
  /** An empty folder on the disk that is measured; removed after the cell. */
  readonly folder: string;
  /** Options of node for the process that is measured, such as those of the profiler. */
  readonly nodeOptions: readonly string[];
  /** Says what is going on. */
  say(text: string): void;
}

export interface Report {
  readonly tables: readonly Table[];
  readonly bars: readonly Bar[];
  /** How often was measured. Default: the rounds of the settings, each as long as they say. */
  readonly rounds?: string;
  /** How it was measured, and what was left out and why. */
  readonly notes: readonly string[];
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A goal and what was measured. */
export interface Bar {
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export function atLeast(goal: string, value: number, least: number): Bar {
  return { goal: `${goal}: at least ${least}×`, measured: `${value.toFixed(2)}×`, isMet: value >= least };
}

export function atMost(goal: string, value: number, most: number, unit = '×'): Bar {
  return { goal: `${goal}: at most ${most}${unit}`, measured: `${value.toFixed(2)}${unit}`, isMet: value <= most };
}
