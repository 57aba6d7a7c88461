import { reasonOf } from '../live/mesh.svelte.ts';
import type { NotationTag } from '../live/model.ts';
import type { RecipeActs } from '../live/recipe-acts.ts';
import { type Ask, readAsks } from './asks.ts';

type Problems = Awaited<ReturnType<RecipeActs['check']>>['problems'];

const checkAfterMs = 250;
/** Keys pressed closer together than that are taken back as one. */
const sameWordMs = 1200;
const undoMax = 200;

interface Written {
  readonly text: string;
  readonly notation: NotationTag;
}

/** The text of a recipe while somebody works on it: what the canvas and the editor show and change. */
export class RecipeDraft {
  text = $state('');
  notation: NotationTag = $state('Yaml');
  problems: Problems = $state.raw([]);
  asks: readonly Ask[] = $state.raw([]);
  /** The name in the text; empty while it cannot be saved. */
  name = $state('');
  /** Whether the hub has said what is wrong with the text as it is now. */
  isChecked = $state(false);
  /** Why the hub could not say so; empty otherwise. */
  checkError = $state('');
  #saved = $state('');
  #opened = $state('');
  #past: readonly Written[] = $state.raw([]);
  #future: readonly Written[] = $state.raw([]);
  #typedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  readonly #acts: RecipeActs;
  readonly #tenantId: () => bigint | undefined;

  constructor(acts: RecipeActs, tenantId: () => bigint | undefined) {
    this.#acts = acts;
    this.#tenantId = tenantId;
  }

  get isChanged(): boolean {
    return this.text !== this.#saved;
  }

  /** Whether somebody has written something that would be lost. */
  get hasUnsaved(): boolean {
    return this.isChanged && this.text !== this.#opened;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Begins anew with a text that is saved, or with a template that is not. */
  open(text: string, notation: NotationTag, isSaved: boolean): void {
    this.notation = notation;
    this.#saved = isSaved ? text : '';
    this.#opened = text;
    this.#past = [];
    this.#future = [];
    this.#set(text);
  }

  /** What somebody types: taken back word by word rather than letter by letter. */
  type(text: string): void {
    if (text === this.text) return;
    const isSameWord = Date.now() - this.#typedAt < sameWordMs && this.#past.length > 0;
    this.#typedAt = Date.now();
    if (!isSameWord) this.#past = [...this.#past, this.#now].slice(-undoMax);
    this.#future = [];
    this.#set(text);
  }

  /** One change of the canvas; a text in another notation takes the place of the one before. */
  change(text: string, notation: NotationTag = this.notation): void {
    if (text === this.text && notation === this.notation) return;
    this.#typedAt = Number.NEGATIVE_INFINITY;
    this.#past = [...this.#past, this.#now].slice(-undoMax);
    this.#future = [];
    this.notation = notation;
    this.#set(text);
  }

  get #now(): Written {
    return { text: this.text, notation: this.notation };
  }

  undo(): void {
    const last = this.#past.at(-1);
    if (last === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, this.#now];
    this.notation = last.notation;
    this.#set(last.text);
  }

  redo(): void {
    const next = this.#future.at(-1);
    if (next === undefined) return;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, this.#now];
    this.notation = next.notation;
    this.#set(next.text);
  }

  /** @throws the hub's rejection */
  async save(): Promise<void> {
    const tenantId = this.#tenantId();
    if (tenantId === undefined) return;
    const { text, notation } = this;
    await this.#acts.save(tenantId, text, notation);
    this.#saved = text;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#round += 1;
  }

  #set(text: string): void {
    this.text = text;
    this.isChecked = false;
    clearTimeout(this.#timer);
    this.#round += 1;
    const round = this.#round;
    this.#timer = setTimeout(() => void this.#check(round), checkAfterMs);
  }

  async #check(round: number): Promise<void> {
    const tenantId = this.#tenantId();
    if (tenantId === undefined) return;
    try {
      const checked = await this.#acts.check(tenantId, this.text, this.notation);
      if (round !== this.#round) return;
      this.problems = checked.problems;
      this.name = checked.name;
      if (checked.problems.length === 0) this.asks = readAsks(checked.asks);
      this.checkError = '';
      this.isChecked = true;
    } catch (error) {
      if (round === this.#round) this.checkError = reasonOf(error);
    }
  }
}
