import { schema, t, table } from 'spacetimedb/server';

// Sensors report temperatures; whoever watches answers with alarms.

const db = schema({
  reading: table(
    { name: 'reading', public: true },
    { id: t.u64().primaryKey().autoInc(), sensor: t.string().index('btree'), celsius: t.f64(), at: t.timestamp() },
  ),
  alarm: table(
    { name: 'alarm', public: true },
    { sensor: t.string().primaryKey(), celsius: t.f64(), since: t.timestamp() },
  ),
});
export default db;

export const report = db.reducer({ sensor: t.string(), celsius: t.f64() }, (ctx, { sensor, celsius }) => {
  if (sensor === '') throw new Error('A sensor needs a name');
  ctx.db.reading.insert({ id: 0n, sensor, celsius, at: ctx.timestamp });
});

export const raise = db.reducer({ sensor: t.string(), celsius: t.f64() }, (ctx, { sensor, celsius }) => {
  const earlier = ctx.db.alarm.sensor.find(sensor);
  if (earlier === null) ctx.db.alarm.insert({ sensor, celsius, since: ctx.timestamp });
  else ctx.db.alarm.sensor.update({ ...earlier, celsius });
});

export const settle = db.reducer({ sensor: t.string() }, (ctx, { sensor }) => {
  ctx.db.alarm.sensor.delete(sensor);
});
