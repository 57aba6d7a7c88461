import type { BandRow, LimbRow } from '../schema.ts';
import { isSame } from './identities.ts';

/** Everything that decides why the tasks of a band wait. */
export interface BandSituation {
  readonly band: Pick<BandRow, 'skill' | 'target' | 'labels'>;
  readonly limbs: readonly { readonly limb: LimbRow; readonly taken: number }[];
}

export interface Reason {
  /** For programs. */
  readonly code: 'concurrency' | 'no-limb' | 'offline' | 'labels' | 'draining' | 'busy' | 'capacity';
  /** For a person. */
  readonly text: string;
}

const namesMax = 5;

/** Why the tasks of a band are not running: the first thing that would have to change. */
export function reasonOf({ band, limbs }: BandSituation): Reason {
  const { skill, target, labels } = band;
  const meant = limbs.filter(({ limb }) => target === undefined || isSame(limb.identity, target)).sort(byName);
  const skilled = meant.filter(({ limb }) => limb.skills.includes(skill));
  if (skilled.length === 0) {
    const whose = target ? 'the limb that it is meant for does not offer' : 'no limb has';
    const waiting = meant.find(({ limb }) => limb.online && limb.lacks.includes(skill))?.limb;
    const why = waiting ? `; ${waiting.name} says: ${waiting.lacks}` : '';
    return { code: 'no-limb', text: `${whose} the skill ${skill}${why}` };
  }
  const online = skilled.filter(({ limb }) => limb.online);
  if (online.length === 0) {
    return { code: 'offline', text: `no limb with the skill ${skill} is online: ${some(skilled.map(nameOf))} away` };
  }
  const labelled = online.filter(({ limb }) => labels.every((label) => limb.labels.includes(label)));
  if (labelled.length === 0) {
    const lacking = online.map(
      ({ limb }) => `${limb.name} lacks ${labels.filter((label) => !limb.labels.includes(label)).join(', ')}`,
    );
    return { code: 'labels', text: `no limb has all labels: ${some(lacking)}` };
  }
  const serving = labelled.filter(({ limb }) => !limb.isDraining);
  if (serving.length === 0) {
    return { code: 'draining', text: `${some(labelled.map(nameOf))} takes no further tasks: it is being drained` };
  }
  const free = serving.filter(({ limb, taken }) => taken < limb.capacity);
  if (free.length > 0) {
    return { code: 'capacity', text: `${some(free.map(nameOf))} works for other tenants as much as it may` };
  }
  return { code: 'busy', text: `all slots are busy: ${some(serving.map(slotsOf))}` };
}

/** Why tasks wait whose concurrency key has no place left. */
export function heldReason(key: string, holders: readonly bigint[]): Reason {
  const tasks = holders.length === 1 ? 'task' : 'tasks';
  return { code: 'concurrency', text: `the concurrency key ${key} is held by ${tasks} ${some(holders.map(String))}` };
}

/** Rows come in any order; the same situation is to be the same sentence. */
function byName(one: BandSituation['limbs'][number], other: BandSituation['limbs'][number]): number {
  if (one.limb.name !== other.limb.name) return one.limb.name < other.limb.name ? -1 : 1;
  return one.limb.identity.toHexString() < other.limb.identity.toHexString() ? -1 : 1;
}

function nameOf({ limb }: BandSituation['limbs'][number]): string {
  return limb.name;
}

function slotsOf({ limb, taken }: BandSituation['limbs'][number]): string {
  return `${limb.name} (${taken} of ${limb.capacity})`;
}

function some(names: readonly string[]): string {
  const more = names.length - namesMax;
  return more > 0 ? `${names.slice(0, namesMax).join(', ')} and ${more} more` : names.join(', ');
}
