import type { Card } from './bindings/types.ts';

export type StageTag = Card['stage']['tag'];
export type Direction = 'left' | 'right' | 'up' | 'down';

export const stages: readonly { readonly tag: StageTag; readonly title: string }[] = [
  { tag: 'ToDo', title: 'To do' },
  { tag: 'Doing', title: 'Doing' },
  { tag: 'Done', title: 'Done' },
];

export function titleOf(tag: StageTag): string {
  return stages.find((stage) => stage.tag === tag)?.title ?? tag;
}

/** The cards of a stage, in their places. */
export function cardsOf(cards: readonly Card[], tag: StageTag): Card[] {
  return cards.filter(({ stage }) => stage.tag === tag).sort((a, b) => a.place - b.place);
}

/** Where one step takes a card; undefined at the edge of the board. */
export function neighbour(
  cards: readonly Card[],
  { stage, place }: Card,
  direction: Direction,
): { readonly tag: StageTag; readonly place: number } | undefined {
  if (direction === 'up') return place === 0 ? undefined : { tag: stage.tag, place: place - 1 };
  if (direction === 'down') {
    const isLast = place + 1 >= cardsOf(cards, stage.tag).length;
    return isLast ? undefined : { tag: stage.tag, place: place + 1 };
  }
  const at = stages.findIndex(({ tag }) => tag === stage.tag) + (direction === 'right' ? 1 : -1);
  const next = stages[at];
  return next && { tag: next.tag, place: Math.min(place, cardsOf(cards, next.tag).length) };
}
