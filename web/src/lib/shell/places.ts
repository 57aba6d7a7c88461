import Activity from '@lucide/svelte/icons/activity';
import BookOpen from '@lucide/svelte/icons/book-open';
import CookingPot from '@lucide/svelte/icons/cooking-pot';
import Cpu from '@lucide/svelte/icons/cpu';
import History from '@lucide/svelte/icons/history';
import ListChecks from '@lucide/svelte/icons/list-checks';
import MessageCircle from '@lucide/svelte/icons/message-circle';
import Settings from '@lucide/svelte/icons/settings';
import UserCheck from '@lucide/svelte/icons/user-check';
import Wallet from '@lucide/svelte/icons/wallet';
import Workflow from '@lucide/svelte/icons/workflow';
import Zap from '@lucide/svelte/icons/zap';
import type { Component } from 'svelte';
import type { texts } from '../texts.ts';

export type PlaceName = keyof typeof texts.places;

export interface Place {
  readonly name: PlaceName;
  readonly path: string;
  readonly icon: Component<{ size?: number; 'aria-hidden'?: 'true' }>;
  /** Pressed after `g`. */
  readonly key: string;
}

/** The screens, in the order of the navigation. */
export const places: readonly Place[] = [
  { name: 'ask', path: '/ask', icon: MessageCircle, key: 'a' },
  { name: 'tasks', path: '/tasks', icon: ListChecks, key: 't' },
  { name: 'limbs', path: '/limbs', icon: Cpu, key: 'l' },
  { name: 'memory', path: '/memory', icon: BookOpen, key: 'm' },
  { name: 'events', path: '/events', icon: Zap, key: 'e' },
  { name: 'rules', path: '/rules', icon: Workflow, key: 'r' },
  { name: 'recipes', path: '/recipes', icon: CookingPot, key: 'c' },
  { name: 'runs', path: '/runs', icon: History, key: 'n' },
  { name: 'approvals', path: '/approvals', icon: UserCheck, key: 'p' },
  { name: 'budget', path: '/budget', icon: Wallet, key: 'b' },
  { name: 'activity', path: '/activity', icon: Activity, key: 'y' },
  { name: 'settings', path: '/settings', icon: Settings, key: 's' },
];

/** Those that have room in the bar of a small screen; the others are behind its last button. */
export const barPlaces = places.slice(0, 4);

/** Whether a screen is one of those that have no room in the bar. */
export function isBehindBar(pathname: string): boolean {
  return places.some((place) => !barPlaces.includes(place) && isAt(place, pathname));
}

export function isAt(place: Place, pathname: string): boolean {
  return pathname === place.path || pathname.startsWith(`${place.path}/`);
}
