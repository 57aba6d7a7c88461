import type { Identity } from 'spacetimedb';
import type { Person } from './bindings/types.ts';

/** The name that somebody chose, or one made from the identity. */
export function nameOf(people: readonly Person[], identity: Identity): string {
  const chosen = people.find((person) => person.identity.isEqual(identity))?.name;
  return chosen || `Guest ${identity.toHexString().slice(-4)}`;
}

/** Whom a card can be given to: those who are here, those with a name, and whoever has it. */
export function candidates(people: readonly Person[], assignee: Identity | undefined): Person[] {
  return people
    .filter(({ identity, name, windows }) => windows > 0 || name !== '' || assignee?.isEqual(identity))
    .sort((a, b) => nameOf(people, a.identity).localeCompare(nameOf(people, b.identity)));
}
