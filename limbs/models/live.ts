import { LimbError } from '../errors.ts';
import type { ModelsConfig } from './config/config.ts';
import type { LanguageModel } from './language-model.ts';
import { type EmbeddingRoute, Router, type RouterMeans } from './router.ts';

/** The models for one piece of work. */
export interface AnswerModels {
  /** For answers; none: they are quoted from the documents. */
  readonly model: LanguageModel | undefined;
  /** For small work, such as summaries of a conversation; default the same. */
  readonly fast?: LanguageModel | undefined;
}

/** Where work gets its models from. */
export interface ModelSource {
  /** Works with the models of now, which stay until the end of the work, whatever is configured meanwhile. */
  use<T>(work: (models: AnswerModels) => Promise<T>): Promise<T>;
}

interface Generation {
  readonly config: ModelsConfig;
  readonly router: Router;
  users: number;
}

/** The models of a limb, which may be replaced while it works. */
export class LiveModels implements ModelSource {
  readonly #means: RouterMeans;
  #now: Generation;

  constructor(config: ModelsConfig, means: RouterMeans = {}) {
    this.#means = means;
    this.#now = { config, router: new Router(config, means), users: 0 };
  }

  get config(): ModelsConfig {
    return this.#now.config;
  }

  /** What the model for answers is called; empty without one. */
  get name(): string {
    return this.#now.router.reason()?.name ?? '';
  }

  use<T>(work: (models: AnswerModels) => Promise<T>): Promise<T> {
    return this.#with((router) => work({ model: router.reason(), fast: router.fast() }));
  }

  /** The model for vectors: always the same one, by whichever servers have it now. None when no route names one. */
  embed(): EmbeddingRoute | undefined {
    const first = this.#now.router.embed();
    if (!first) return undefined;
    return {
      config: first.config,
      embed: (texts, terms) => this.#with((router) => (router.embed() ?? first).embed(texts, terms)),
    };
  }

  /** Takes other models from the next work on. Throws `LimbError`, and changes nothing, for another model for vectors. */
  async replace(config: ModelsConfig): Promise<void> {
    const [before, after] = [embedderOf(this.#now.config), embedderOf(config)];
    if (before !== after) {
      throw new LimbError(
        'memory-embedder-differs',
        `the memory was made with vectors of ${before}, and now those of ${after} are asked for. Set it back, or start the limb again with an empty memory.`,
      );
    }
    const old = this.#now;
    this.#now = { config, router: new Router(config, this.#means), users: 0 };
    if (old.users === 0) await old.router.close();
  }

  /** Ends what is asked at present. Models that were replaced end with their work. */
  close(): Promise<void> {
    return this.#now.router.close();
  }

  async #with<T>(work: (router: Router) => Promise<T>): Promise<T> {
    const generation = this.#now;
    generation.users += 1;
    try {
      return await work(generation.router);
    } finally {
      generation.users -= 1;
      if (generation.users === 0 && generation !== this.#now) await generation.router.close();
    }
  }
}

function embedderOf({ routes }: ModelsConfig): string {
  return routes.embed[0]?.model ?? 'the model that comes with the package';
}
