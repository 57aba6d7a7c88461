import { createContext } from 'svelte';
import type { Standing } from './states.ts';

/** What the steps on a canvas show beside their text, without being laid out again. */
export interface CanvasContext {
  standingOf(id: string): Standing | undefined;
  readonly isEditable: boolean;
}

export const [getCanvas, setCanvas] = createContext<CanvasContext>();
