import { type DragEvent, type FormEvent, type RefObject, useState } from 'react';
import type { Identity } from 'spacetimedb';
import type { Card, Person } from './bindings/types.ts';
import { CardItem } from './CardItem.tsx';
import type { Direction } from './stages.ts';

interface Props {
  title: string;
  cards: readonly Card[];
  people: readonly Person[];
  isReady: boolean;
  focused: RefObject<bigint | undefined>;
  onAdd(text: string): Promise<boolean>;
  onDrop(id: bigint, place: number): void;
  onStep(card: Card, direction: Direction): void;
  onAssign(card: Card, assignee: Identity | undefined): void;
  onRemove(card: Card): void;
}

export const dragType = 'application/x-board-card';

export function StageColumn({ title, cards, people, isReady, focused, onAdd, onDrop, ...actions }: Props) {
  const [draft, setDraft] = useState('');
  /** Where a dragged card would go. */
  const [target, setTarget] = useState<number>();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (await onAdd(draft)) setDraft('');
  }

  function dragOver(event: DragEvent<HTMLElement>): void {
    if (!event.dataTransfer.types.includes(dragType)) return;
    event.preventDefault();
    setTarget(placeAt(event));
  }

  function drop(event: DragEvent<HTMLElement>): void {
    event.preventDefault();
    setTarget(undefined);
    const id = event.dataTransfer.getData(dragType);
    if (id !== '') onDrop(BigInt(id), placeAt(event, id));
  }

  return (
    <section
      aria-label={title}
      data-target={target !== undefined}
      onDragOver={dragOver}
      onDragLeave={() => setTarget(undefined)}
      onDrop={drop}
    >
      <h2>
        {title} <span>{cards.length}</span>
      </h2>
      <ol>
        {cards.map((card, place) => (
          <CardItem
            key={card.id.toString()}
            card={card}
            people={people}
            isTarget={target === place}
            focused={focused}
            {...actions}
          />
        ))}
        {isReady && cards.length === 0 && <li className="nothing">Nothing here: drop a card, or add one below</li>}
      </ol>
      <form onSubmit={submit}>
        <input
          aria-label={`New card in ${title}`}
          placeholder="Add a card"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
        <button type="submit" disabled={!isReady}>
          Add
        </button>
      </form>
    </section>
  );
}

/** The place in the column that the pointer is at, with the dragged card itself left out. */
function placeAt({ currentTarget, clientY }: DragEvent<HTMLElement>, draggedId?: string): number {
  const items = [...currentTarget.querySelectorAll<HTMLElement>('li[data-card]')];
  return items.filter((item) => {
    const { top, height } = item.getBoundingClientRect();
    return item.dataset['card'] !== draggedId && clientY > top + height / 2;
  }).length;
}
