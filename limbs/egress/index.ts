export type { Entry } from './entry.ts';
export { EgressJournal, journaled } from './journal.ts';
export { type Line, readEntries } from './read.ts';
