import Cpu from '@lucide/svelte/icons/cpu';
import ListChecks from '@lucide/svelte/icons/list-checks';
import MessageCircle from '@lucide/svelte/icons/message-circle';
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
];

/** Those that have room in the bar of a small screen; the others are behind its last button. */
export const barPlaces = places.slice(0, 4);

export function isAt(place: Place, pathname: string): boolean {
  return pathname === place.path || pathname.startsWith(`${place.path}/`);
}
