import { createContext } from 'svelte';
import type { PageActions } from './actions.svelte.ts';
import type { Approvals } from './approvals/inbox.svelte.ts';
import type { FollowUps } from './ask/follow-ups.svelte.ts';
import type { Draft } from './draft.svelte.ts';
import type { Mesh } from './live/mesh.svelte.ts';
import type { Inbox } from './notifications/inbox.svelte.ts';
import type { Questions } from './questions.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

/** What every screen shares. */
export interface Face {
  readonly mesh: Mesh;
  readonly draft: Draft;
  readonly followUps: FollowUps;
  /** What the open screen adds to the command palette. */
  readonly pageActions: PageActions;
  readonly approvals: Approvals;
  readonly inbox: Inbox;
  readonly questions: Questions;
  readonly toasts: Toasts;
  openPalette(): void;
  openShortcuts(): void;
  /** Shows another tenant; what is there of one tenant only gives way to the list that it is in. */
  switchTenant(id: bigint): Promise<void>;
  /** Asks first, because coming back needs a new link. */
  signOut(): Promise<void>;
}

export const [getFace, setFace] = createContext<Face>();
