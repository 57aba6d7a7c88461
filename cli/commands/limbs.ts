import pc from 'picocolors';
import { tables } from '../../bindings/index.ts';
import type { Limb } from '../../bindings/types.ts';
import { runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { Failure } from '../lib/failure.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { pickOne } from '../lib/pick-one.ts';
import { jsonOf, plainRow } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

interface ShowOptions extends HubOptions {
  readonly json?: boolean;
}

export interface RightsOptions extends ShowOptions {
  readonly skills?: readonly string[];
  readonly allSkills?: boolean;
  readonly capacity?: number;
}

export async function limbList(options: ShowOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const limbs = await limbsOf(hub, tenantId);
    if (options.json) return console.log(jsonOf(limbs));
    if (limbs.length === 0)
      return console.log('There is no limb yet: `helix limb invite` makes a pairing code for one.');
    await subscribe(hub, [tables.tasks.where((task) => task.tenantId.eq(tenantId))]);
    const lines = limbs.map((limb) => [
      oneLine(limb.name),
      limb.online ? (limb.isDraining ? 'draining' : 'online') : 'away',
      `${slotsTaken(hub, limb)} of ${limb.capacity}`,
      limb.skills.join(', '),
      limb.labels.join(', ') || '-',
      oneLine(limb.sandbox) || '-',
      oneLine(limb.model) || '-',
      limb.identity.toHexString().slice(0, 16),
    ]);
    console.log(textTable(['name', 'state', 'slots', 'skills', 'labels', 'sandbox', 'model', 'identity'], lines));
    for (const { name, online, lacks } of limbs) {
      if (online && lacks !== '') console.log(pc.yellow(`${oneLine(name)}: ${oneLine(lacks)}`));
    }
  });
}

export async function limbRights(text: string, options: RightsOptions): Promise<void> {
  const { skills, allSkills, capacity } = options;
  await change(text, options, ({ allowedSkills, capacityMax }) => {
    if (skills === undefined && !allSkills && capacity === undefined) return undefined;
    if (skills?.length === 0) throw new Failure('--skills names no skill: name some, or use --all-skills');
    return {
      allowedSkills: allSkills ? [] : (skills ?? allowedSkills),
      capacityMax: capacity ?? capacityMax,
    };
  });
}

export async function limbLabels(
  text: string,
  labels: readonly string[],
  options: ShowOptions & { readonly none?: boolean },
): Promise<void> {
  if (options.none && labels.length > 0) throw new Failure('Labels and --none are both given: use one of them');
  await change(text, options, () => (labels.length > 0 || options.none ? { labels } : undefined));
}

export async function limbDrain(text: string, options: HubOptions & { readonly undo?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const limb = pickLimb(await limbsOf(hub, tenantId), text);
    const isDraining = !options.undo;
    await call(hub, hub.connection.reducers.drainLimb({ tenantId, limb: limb.identity, isDraining }));
    const held = isDraining ? 'finishes what it holds and gets no further tasks.' : 'gets tasks again.';
    console.log(`${oneLine(limb.name)} ${held}`);
  });
}

export async function limbRevoke(text: string, options: HubOptions & { readonly yes?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const limb = pickLimb(await limbsOf(hub, tenantId), text);
    const name = oneLine(limb.name);
    const question = `Revoke ${name}? What it works on goes to others, and to come back it needs a new pairing code.`;
    if (!options.yes && !(await confirm(question, '--yes'))) return console.error('Nothing was changed.');
    await call(hub, hub.connection.reducers.revokeLimb({ tenantId, limb: limb.identity }));
    console.log(`${name} is not a limb of this tenant any more.`);
  });
}

interface Rights {
  readonly labels: readonly string[];
  readonly allowedSkills: readonly string[];
  readonly capacityMax: number;
}

/** Changes what `to` says of a limb's rights, if anything, and prints them. */
async function change(
  text: string,
  options: ShowOptions,
  to: (limb: Limb) => Partial<Rights> | undefined,
): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    const limb = pickLimb(await limbsOf(hub, tenantId), text);
    const changes = to(limb);
    if (changes !== undefined) {
      const { labels, allowedSkills, capacityMax } = { ...limb, ...changes };
      const rights = { labels: [...labels], allowedSkills: [...allowedSkills], capacityMax };
      await call(hub, hub.connection.reducers.setLimb({ tenantId, limb: limb.identity, ...rights }));
    }
    const now = pickLimb(await limbsOf(hub, tenantId), limb.identity.toHexString());
    if (options.json) return console.log(JSON.stringify(plainRow(now), undefined, 2));
    const may = now.allowedSkills.length === 0 ? 'all that it has' : now.allowedSkills.join(', ');
    const most = now.capacityMax === 0 ? 'as many as it can' : `${now.capacityMax}`;
    console.log(
      [
        oneLine(now.name),
        `  skills it may offer  ${may}`,
        `  tasks at once        ${most}`,
        `  labels               ${now.labels.join(', ') || 'none'}`,
      ].join('\n'),
    );
  });
}

async function limbsOf(hub: Hub, tenantId: bigint): Promise<Limb[]> {
  await subscribe(hub, [tables.limbs]);
  const all = [...hub.connection.db.limbs.iter()].filter((limb) => limb.tenantId === tenantId);
  return all.sort((a, b) => a.name.localeCompare(b.name));
}

function pickLimb(limbs: readonly Limb[], text: string): Limb {
  return pickOne('limb', limbs, text, {
    nameOf: ({ name }) => name,
    keyOf: ({ identity }) => identity.toHexString(),
  });
}

function slotsTaken(hub: Hub, limb: Limb): number {
  const isHeld = (tag: string) => tag === 'Claimed' || tag === 'Running';
  return [...hub.connection.db.tasks.iter()].filter(
    (task) => task.tenantId === limb.tenantId && isHeld(task.state.tag) && task.limb?.isEqual(limb.identity),
  ).length;
}
