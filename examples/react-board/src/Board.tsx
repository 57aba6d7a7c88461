import { useRef, useState } from 'react';
import { useReducer, useSpacetimeDB, useTable } from 'spacetimedb/react';
import { reducers, tables } from './bindings/index.ts';
import type { Card } from './bindings/types.ts';
import { ConnectionBadge } from './ConnectionBadge.tsx';
import { NameForm } from './NameForm.tsx';
import { nameOf } from './people.ts';
import { StageColumn } from './StageColumn.tsx';
import { cardsOf, type Direction, neighbour, type StageTag, stages, titleOf } from './stages.ts';

/** The whole board: what others do shows at once, and what is done here is a reducer call. */
export function Board({ server }: { server: string }) {
  const { identity } = useSpacetimeDB();
  const [cards, hasCards] = useTable(tables.card);
  const [people, hasPeople] = useTable(tables.person);
  const add = useReducer(reducers.addCard);
  const move = useReducer(reducers.moveCard);
  const assign = useReducer(reducers.assignCard);
  const remove = useReducer(reducers.removeCard);
  const [problem, setProblem] = useState('');
  const [news, setNews] = useState('');
  /** The card that keys have moved: it is drawn anew in another column, and keeps the focus. */
  const focused = useRef<bigint>(undefined);

  async function attempt(call: Promise<void>): Promise<boolean> {
    try {
      await call;
      setProblem('');
      return true;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async function put(card: Card, tag: StageTag, place: number): Promise<void> {
    if (!(await attempt(move({ id: card.id, stage: { tag }, place })))) return;
    setNews(`${card.title}: ${titleOf(tag)}, place ${place + 1}`);
  }

  function step(card: Card, direction: Direction): void {
    const to = neighbour(cards, card, direction);
    if (to === undefined) return;
    focused.current = card.id;
    void put(card, to.tag, to.place);
  }

  const isReady = hasCards && hasPeople;
  return (
    <main>
      <header>
        <h1>Board</h1>
        <ConnectionBadge isReady={isReady} people={people} server={server} />
        {identity && isReady && <NameForm name={nameOf(people, identity)} attempt={attempt} />}
      </header>
      <p className="problem" role="alert">
        {problem}
      </p>
      {isReady && cards.length === 0 && (
        <p className="empty">The board is empty. Add the first card to “To do”: it appears in every open window.</p>
      )}
      <div className="columns">
        {stages.map(({ tag, title }) => (
          <StageColumn
            key={tag}
            title={title}
            cards={cardsOf(cards, tag)}
            people={people}
            isReady={isReady}
            focused={focused}
            onAdd={(text) => attempt(add({ title: text, stage: { tag } }))}
            onDrop={(id, place) => {
              const card = cards.find((one) => one.id === id);
              if (card) void put(card, tag, place);
            }}
            onStep={step}
            onAssign={(card, assignee) => void attempt(assign({ id: card.id, assignee }))}
            onRemove={(card) => void attempt(remove({ id: card.id }))}
          />
        ))}
      </div>
      <p className="hint" id="keys">
        Drag a card, or press the arrow keys on its handle ⠿. Delete removes it.
      </p>
      <p className="unseen" role="status">
        {news}
      </p>
    </main>
  );
}
