export { type Entry, kindOf } from './entry.ts';
export { EgressJournal, journaled } from './journal.ts';
export { type Line, readEntries } from './read.ts';
export type { NoteRequest, OutwardRequest } from './request.ts';
