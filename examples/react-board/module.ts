import { type InferSchema, type ReducerCtx, SenderError, schema, t, table } from 'spacetimedb/server';

const titleCharsMax = 200;
const nameCharsMax = 40;

const Stage = t.enum('Stage', { ToDo: t.unit(), Doing: t.unit(), Done: t.unit() });

const db = schema({
  person: table(
    { name: 'person', public: true },
    // Somebody is there while at least one of their windows is open.
    { identity: t.identity().primaryKey(), name: t.string(), windows: t.u32() },
  ),
  card: table(
    { name: 'card', public: true },
    {
      id: t.u64().primaryKey().autoInc(),
      title: t.string(),
      stage: Stage,
      /** From 0 without a gap, within the stage. */
      place: t.u32(),
      assignee: t.option(t.identity()),
    },
  ),
});
export default db;

type Context = ReducerCtx<InferSchema<typeof db>>;
type Tag = 'ToDo' | 'Doing' | 'Done';

export const onConnect = db.clientConnected((ctx) => {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person === null) ctx.db.person.insert({ identity: ctx.sender, name: '', windows: 1 });
  else ctx.db.person.identity.update({ ...person, windows: person.windows + 1 });
});

export const onDisconnect = db.clientDisconnected((ctx) => {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person !== null) ctx.db.person.identity.update({ ...person, windows: Math.max(0, person.windows - 1) });
});

export const rename = db.reducer({ name: t.string() }, (ctx, { name }) => {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person === null) throw new SenderError('Connect before you choose a name');
  ctx.db.person.identity.update({ ...person, name: fitting('name', name, nameCharsMax) });
});

export const addCard = db.reducer({ title: t.string(), stage: Stage }, (ctx, { title, stage }) => {
  const place = cardsOf(ctx, stage.tag).length;
  ctx.db.card.insert({ id: 0n, title: fitting('title', title, titleCharsMax), stage, place, assignee: undefined });
});

/** Puts a card at a place of a stage; a place beyond the end is the end. */
export const moveCard = db.reducer({ id: t.u64(), stage: Stage, place: t.u32() }, (ctx, { id, stage, place }) => {
  const card = findCard(ctx, id);
  if (card.stage.tag !== stage.tag) arrange(ctx, without(ctx, card.stage.tag, id));
  const others = without(ctx, stage.tag, id);
  arrange(ctx, [...others.slice(0, place), { ...card, stage, place: -1 }, ...others.slice(place)]);
});

export const assignCard = db.reducer({ id: t.u64(), assignee: t.option(t.identity()) }, (ctx, { id, assignee }) => {
  if (assignee !== undefined && ctx.db.person.identity.find(assignee) === null) {
    throw new SenderError('Nobody of that name has been here');
  }
  ctx.db.card.id.update({ ...findCard(ctx, id), assignee });
});

export const removeCard = db.reducer({ id: t.u64() }, (ctx, { id }) => {
  const card = findCard(ctx, id);
  ctx.db.card.id.delete(id);
  arrange(ctx, cardsOf(ctx, card.stage.tag));
});

function findCard(ctx: Context, id: bigint) {
  const card = ctx.db.card.id.find(id);
  if (card === null) throw new SenderError('Somebody else has removed this card');
  return card;
}

function cardsOf(ctx: Context, tag: Tag) {
  return [...ctx.db.card.iter()].filter(({ stage }) => stage.tag === tag).sort((a, b) => a.place - b.place);
}

function without(ctx: Context, tag: Tag, id: bigint) {
  return cardsOf(ctx, tag).filter((card) => card.id !== id);
}

/** Writes the places of a stage's cards, of those that change. */
function arrange(ctx: Context, cards: ReturnType<typeof cardsOf>): void {
  cards.forEach((card, place) => {
    if (card.place !== place) ctx.db.card.id.update({ ...card, place });
  });
}

function fitting(what: string, text: string, charsMax: number): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new SenderError(`Write a ${what} first`);
  if (trimmed.length > charsMax) throw new SenderError(`A ${what} has at most ${charsMax} characters`);
  return trimmed;
}
