/** Where a part stands in one half of a search. */
export interface Rank {
  /** 1 is the best. */
  readonly rank: number;
  readonly score: number;
}

/** A part of a document that a limb has found. */
export interface FoundPart {
  readonly document: string;
  readonly section: string;
  readonly content: string;
  /** Of both halves together; more is better. */
  readonly score: number;
  /** By what it means, and by its words; undefined when that half did not find it. */
  readonly meaning: Rank | undefined;
  readonly words: Rank | undefined;
}

/** Reads what a recall for programs says; undefined when it is something else, such as from an older limb. */
export function readFound(text: string): readonly FoundPart[] | undefined {
  const value = parse(text);
  if (!isRecord(value) || !Array.isArray(value['parts'])) return undefined;
  return value['parts'].filter(isRecord).map((part) => ({
    document: textOf(part['document']),
    section: textOf(part['section']),
    content: textOf(part['content']),
    score: Number(part['score'] ?? 0),
    meaning: rankOf(part['meaning']),
    words: rankOf(part['words']),
  }));
}

function rankOf(value: unknown): Rank | undefined {
  return isRecord(value) ? { rank: Number(value['rank']), score: Number(value['score']) } : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
