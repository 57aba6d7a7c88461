import { type KeyboardEvent, type RefObject, useEffect, useRef } from 'react';
import type { Identity } from 'spacetimedb';
import type { Card, Person } from './bindings/types.ts';
import { candidates, nameOf } from './people.ts';
import { dragType } from './StageColumn.tsx';
import type { Direction } from './stages.ts';

interface Props {
  card: Card;
  people: readonly Person[];
  isTarget: boolean;
  focused: RefObject<bigint | undefined>;
  onStep(card: Card, direction: Direction): void;
  onAssign(card: Card, assignee: Identity | undefined): void;
  onRemove(card: Card): void;
}

const directions: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

export function CardItem({ card, people, isTarget, focused, onStep, onAssign, onRemove }: Props) {
  const handle = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focused.current !== card.id) return;
    handle.current?.focus();
    focused.current = undefined;
  });

  function press(event: KeyboardEvent): void {
    const direction = directions[event.key];
    if (direction !== undefined) onStep(card, direction);
    else if (event.key === 'Delete') onRemove(card);
    else return;
    event.preventDefault();
  }

  const { assignee, title } = card;
  return (
    <li
      data-card={card.id}
      data-target={isTarget}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(dragType, card.id.toString())}
    >
      <div>
        <button
          ref={handle}
          type="button"
          className="handle"
          aria-label={`Move ${title}`}
          aria-describedby="keys"
          onKeyDown={press}
        >
          ⠿
        </button>
        <strong>{title}</strong>
      </div>
      <div>
        <select
          aria-label={`Who does ${title}`}
          value={assignee?.toHexString() ?? ''}
          onChange={({ target }) => {
            const person = people.find(({ identity }) => identity.toHexString() === target.value);
            onAssign(card, person?.identity);
          }}
        >
          <option value="">Nobody yet</option>
          {candidates(people, assignee).map(({ identity }) => (
            <option key={identity.toHexString()} value={identity.toHexString()}>
              {nameOf(people, identity)}
            </option>
          ))}
        </select>
        <button type="button" aria-label={`Remove ${title}`} onClick={() => onRemove(card)}>
          ×
        </button>
      </div>
    </li>
  );
}
