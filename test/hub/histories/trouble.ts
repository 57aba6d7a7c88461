import fc from 'fast-check';
import { step } from '../step.ts';
import { hold } from './hold.ts';
import { isSame } from './same.ts';
import { number, pick } from './work.ts';
import { comeBack, cutCable, pass, tell, type World } from './world.ts';

// What goes wrong in a history, and how time passes.

/** Connected, but it neither claims nor answers. */
export const stalling = step<World, number>('stall', number, (world, who) => {
  const actor = pick(world.actors, who);
  if (!actor.isStalled) world.figures.add('stalls');
  actor.isStalled = true;
});

export const wakingUp = step<World, number>('wake up', number, (world, who) => {
  const actor = pick(world.actors, who);
  actor.isStalled = false;
  tell(world, actor, () => actor.client.call('pong'));
});

export const leaving = step<World, number>('leave', number, (world, who) => {
  const { client } = pick(world.actors, who);
  if (client.isConnected) world.figures.add('dropped connections');
  client.disconnect();
});

export const comingBack = step<World, readonly [number, boolean, number]>(
  'come back',
  fc.tuple(number, fc.boolean(), fc.nat({ max: 3 })),
  (world, [who, isNewRun, capacity]) => {
    const actor = pick(world.actors, who);
    if (isNewRun) actor.run += 1;
    comeBack(world, actor, capacity);
    world.figures.add('reconnects');
  },
);

/** The limb is back over another connection before the hub knows that the first one is gone. */
export const cutting = step<World, number>('cut', number, (world, who) => {
  cutCable(world, pick(world.actors, who));
  world.figures.add('cut cables');
});

/** The hub learns at last that connections are gone which their limbs had given up. */
export const noticing = step<World, number>('notice', number, (world, who) => {
  for (const client of pick(world.actors, who).cut.splice(0)) client.disconnect();
});

export const waiting = step<World, number>('wait', fc.nat({ max: 8 }), (world, seconds) => {
  const answering = world.actors.filter(({ isStalled, client }) => !isStalled && client.isConnected);
  const held = world.mesh.rows('lease').filter(({ limb }) => answering.some(({ identity }) => isSame(limb, identity)));
  for (let second = 0; second < seconds; second++) pass(world, 1000);
  if (seconds === 0 || held.length === 0) return;
  const lost = world.mesh.rows('attempt').filter(({ outcome }) => outcome.tag === 'Lost');
  for (const { taskId, attempt } of held) {
    const isLost = lost.some((row) => row.taskId === taskId && row.number === attempt);
    hold(!isLost, `attempt ${attempt} of task ${taskId} was taken from a limb that answered`);
  }
});

export const moment = step<World, number>('a moment', fc.nat({ max: 999 }), (world, ms) => pass(world, ms));

/** Somebody sets the clock of the hub's machine, by up to three days either way. */
export const jumping = step<World, readonly [number, boolean]>(
  'jump',
  fc.tuple(
    fc.oneof(
      fc.integer({ min: -60, max: 60 }),
      fc.integer({ min: -5000, max: 5000 }),
      fc.integer({ min: -300_000, max: 300_000 }),
    ),
    fc.boolean(),
  ),
  (world, [seconds, isNoticed]) => {
    world.mesh.jump(seconds * 1000);
    // The schedules notice a clock that was set within ten seconds.
    if (isNoticed) for (let second = 0; second < 10; second++) pass(world, 1000);
    world.figures.add(seconds < 0 ? 'jumps back' : 'jumps ahead');
  },
);

/** Power is lost; some of the limbs are back a moment after the hub. What was not yet on its disk never happened. */
export const crashing = step<World, readonly [number, number, boolean]>(
  'crash',
  fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 7 }), fc.boolean()),
  async (world, [ms, whoIsBack, isSettled]) => {
    const { mesh, actors, tenants, completions, figures } = world;
    if (isSettled) await mesh.settle();
    await mesh.crash();
    const done = new Set(mesh.rows('summary').map(({ taskId }) => taskId));
    for (const taskId of completions.keys()) {
      if (done.has(taskId)) continue;
      hold(!isSettled, `the completion of task ${taskId} was durable and is gone`);
      completions.delete(taskId);
      figures.add('unconfirmed completions lost');
    }
    for (const home of tenants) home.client = mesh.connect(home.owner);
    for (const actor of actors) {
      actor.cut.length = 0;
      actor.heardMs = world.steadyMs;
    }
    pass(world, ms);
    for (const [at, actor] of actors.entries()) if (whoIsBack & (1 << at)) comeBack(world, actor);
    figures.add('kills of the hub');
  },
);
