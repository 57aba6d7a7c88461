import { SenderError, schema, t, table } from 'spacetimedb/server';

// A module with something for every part of the dashboard: tables of each kind, a view, and functions whose arguments
// are of every shape that a form must be able to ask for.

const Health = t.enum('Health', { Thriving: t.unit(), Thirsty: t.f64(), Sick: t.string() });
const Place = t.object('Place', { row: t.u8(), column: t.u8() });

const plant = table(
  { name: 'plant', public: true },
  {
    id: t.u64().primaryKey().autoInc(),
    name: t.string(),
    heightCm: t.f32(),
    health: Health,
    place: Place,
    tags: t.array(t.string()),
    note: t.option(t.string()),
    plantedBy: t.identity(),
    plantedAt: t.timestamp(),
    isForSale: t.bool(),
  },
);
const reading = table(
  { name: 'reading', public: true },
  { id: t.u64().primaryKey().autoInc(), sensor: t.string().index('btree'), celsius: t.f64(), takenAt: t.timestamp() },
);
const recipe = table({ name: 'recipe' }, { name: t.string().primaryKey(), secret: t.string() });
const alarm = table({ name: 'alarm', public: true, event: true }, { sensor: t.string(), level: t.u8() });

const db = schema({ plant, reading, recipe, alarm });
export default db;

export const init = db.init((ctx) => {
  ctx.db.recipe.insert({ name: 'tomato food', secret: 'two parts nettle, one part comfrey' });
  console.log('the greenhouse is open');
});

export const onConnect = db.clientConnected(() => {});

export const dry = db.anonymousView({ name: 'dry', public: true }, t.array(plant.rowType), (ctx) =>
  [...ctx.db.plant.iter()].filter(({ health }) => health.tag === 'Thirsty'),
);

export const addPlant = db.reducer(
  {
    name: t.string(),
    heightCm: t.f32(),
    health: Health,
    place: Place,
    tags: t.array(t.string()),
    note: t.option(t.string()),
    isForSale: t.bool(),
  },
  (ctx, { note, ...row }) => {
    if (row.name.trim() === '') throw new SenderError('a plant needs a name');
    ctx.db.plant.insert({ id: 0n, plantedBy: ctx.sender, plantedAt: ctx.timestamp, note, ...row });
    console.log(`planted ${row.name} in row ${row.place.row}`);
  },
);

export const rename = db.reducer({ id: t.u64(), name: t.string() }, (ctx, { id, name }) => {
  const found = ctx.db.plant.id.find(id);
  if (found === null) throw new SenderError(`there is no plant ${id}`);
  ctx.db.plant.id.update({ ...found, name });
});

export const pull = db.reducer({ id: t.u64() }, (ctx, { id }) => {
  ctx.db.plant.id.delete(id);
});

export const measure = db.reducer({ sensor: t.string(), count: t.u32() }, (ctx, { sensor, count }) => {
  for (let at = 0; at < count; at++) {
    ctx.db.reading.insert({ id: 0n, sensor, celsius: 12 + ((at * 37) % 190) / 10, takenAt: ctx.timestamp });
  }
  if (count > 5000) console.warn(`${count} readings at once`);
});

export const raise = db.reducer({ sensor: t.string(), level: t.u8() }, (ctx, row) => {
  ctx.db.alarm.insert(row);
  console.error(`alarm of level ${row.level} at ${row.sensor}`);
});

/** Takes one of everything that is left, and says nothing of it. */
export const inspect = db.reducer(
  {
    inspector: t.identity(),
    at: t.timestamp(),
    lasting: t.timeDuration(),
    mark: t.uuid(),
    seal: t.byteArray(),
    places: t.array(Place),
  },
  (_ctx, { places, seal }) => {
    console.info(`inspected ${places.length} places, seal of ${seal.length} bytes`);
  },
);

export const total = db.procedure({ heights: t.array(t.u64()) }, t.u64(), (_ctx, { heights }) =>
  heights.reduce((sum, height) => sum + height, 0n),
);
