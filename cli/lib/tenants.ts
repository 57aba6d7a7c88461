import { join } from 'node:path';
import { z } from 'zod';
import { tables } from '../../bindings/index.ts';
import type { Tenant } from '../../bindings/types.ts';
import { Failure } from './failure.ts';
import { parseJson, readText, writeSecret } from './files.ts';
import { type Hub, subscribe } from './hub.ts';
import { configFolder } from './own-identity.ts';
import { pickOne } from './pick-one.ts';

/** The tenants of the member, the oldest first. @throws Failure when it has none */
export async function listTenants(hub: Hub): Promise<readonly [Tenant, ...Tenant[]]> {
  await subscribe(hub, [tables.tenants]);
  const [first, ...more] = [...hub.connection.db.tenants.iter()].sort((a, b) => Number(a.id - b.id));
  if (first === undefined)
    throw new Failure(
      'This token belongs to no tenant: ask an owner for an invite and redeem it with `helix tenants join`',
    );
  return [first, ...more];
}

/**
 * The tenant that a command is about: the one that was named, or that this user has chosen for the hub, or the only one.
 * @throws Failure when there is none, or none was chosen of several
 */
export async function findTenant(hub: Hub): Promise<bigint> {
  const all = await listTenants(hub);
  const [first, second] = all;
  if (hub.tenant.kind === 'oldest') return first.id;
  if (hub.tenant.kind === 'named') return pickTenant(all, hub.tenant.name).id;
  if (second === undefined) return first.id;
  const chosen = await chosenTenant(hub);
  if (all.some(({ id }) => id === chosen)) return chosen ?? first.id;
  throw new Failure(
    `You are in ${all.length} tenants (${all.map(({ name }) => name).join(', ')}): choose one with \`helix tenants use <tenant>\`, or for one command with --tenant`,
  );
}

/** The tenant of a name or a number. @throws Failure */
export function pickTenant(tenants: readonly Tenant[], text: string): Tenant {
  return pickOne('tenant', tenants, text, { nameOf: ({ name }) => name, keyOf: ({ id }) => `${id}` });
}

const saved = z.record(z.string(), z.string().regex(/^\d+$/));

/** What this user has chosen for this identity on this hub. */
export async function chosenTenant(hub: Hub): Promise<bigint | undefined> {
  const id = (await readChoices())[keyOf(hub)];
  return id === undefined ? undefined : BigInt(id);
}

export async function chooseTenant(hub: Hub, id: bigint): Promise<void> {
  const choices = { ...(await readChoices()), [keyOf(hub)]: `${id}` };
  await writeSecret(choicesFile(), `${JSON.stringify(choices, undefined, 2)}\n`);
}

async function readChoices(): Promise<Record<string, string>> {
  const text = await readText(choicesFile());
  const choices = saved.safeParse(text === undefined ? {} : parseJson(text));
  if (!choices.success) throw new Failure(`${choicesFile()} is damaged: delete it and choose again`);
  return choices.data;
}

function choicesFile(): string {
  return join(configFolder(), 'tenants.json');
}

function keyOf({ url, connection }: Hub): string {
  return `${url} ${connection.identity?.toHexString()}`;
}
