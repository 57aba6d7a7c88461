import type { NoteRequest } from '../egress/index.ts';
import { AnswerReader } from './call/answer.ts';
import { streamAnswer } from './call/chat.ts';
import { type Client, openClient } from './call/client.ts';
import { EmbeddingsCall } from './call/embeddings.ts';
import { amountsOf, costOf, estimateOf, mostOf } from './call/usage.ts';
import { type Clock, systemClock } from './clock.ts';
import type { ModelConfig, ModelsConfig, ProviderConfig } from './config/config.ts';
import type { LanguageModel, Turn, TurnRequest } from './language-model.ts';
import { Candidate } from './route/candidate.ts';
import { firstAnswer } from './route/first-answer.ts';
import { Pace } from './route/pace.ts';

export interface EmbeddingTerms extends Pick<TurnRequest, 'signal' | 'spend'> {
  /** The size that the vectors shall have, which not every model can; default its own. */
  readonly dimensions?: number | undefined;
}

/** Embeds texts by whichever server of a route answers first; all have the same model. */
export interface EmbeddingRoute {
  readonly config: ModelConfig;
  /**
   * One vector a text, in their order. Each request to a server is made within `spend`, as those of a language model are.
   * Throws `LimbError` when no server answers, and `BudgetShort` when the budgets have too little left.
   */
  embed(texts: readonly string[], terms: EmbeddingTerms): Promise<number[][]>;
}

export interface RouterMeans {
  /** Default: the clocks of this machine. */
  readonly clock?: Clock;
  /** Writes down what servers are asked. Default: nobody does. */
  readonly note?: NoteRequest;
}

/** Opens the models of a configuration: by purpose, with what to do when one fails, and what it costs. */
export class Router {
  readonly #config: ModelsConfig;
  readonly #clock: Clock;
  readonly #candidates: ReadonlyMap<ModelConfig, Candidate>;
  readonly #clients: readonly Client[];

  constructor(config: ModelsConfig, { clock = systemClock, note }: RouterMeans = {}) {
    this.#config = config;
    this.#clock = clock;
    const servers = new Map<ProviderConfig, { client: Client; pace: Pace }>();
    const serverOf = (provider: ProviderConfig) => {
      const known = servers.get(provider);
      if (known) return known;
      const pace = new Pace(provider.requestsPerMinute, provider.tokensPerMinute, clock);
      const opened = { client: openClient(provider, config.limits, note), pace };
      servers.set(provider, opened);
      return opened;
    };
    this.#candidates = new Map(
      config.models.map((model) => {
        const { client, pace } = serverOf(model.provider);
        return [model, new Candidate(model, client, pace, clock)];
      }),
    );
    this.#clients = [...servers.values()].map(({ client }) => client);
  }

  /** The model for answers, with the cheaper one to go on with when a budget is short; none when no route names one. */
  reason(): LanguageModel | undefined {
    const { reason, fast } = this.#config.routes;
    const cheaper = fast.length > 0 ? this.#languageModel(fast) : undefined;
    return reason.length > 0 ? this.#languageModel(reason, cheaper) : cheaper;
  }

  /** The model for small work; the one for answers where no route names another. */
  fast(): LanguageModel | undefined {
    const { reason, fast } = this.#config.routes;
    const chain = fast.length > 0 ? fast : reason;
    return chain.length > 0 ? this.#languageModel(chain) : undefined;
  }

  /** One model by itself. */
  only(model: ModelConfig): LanguageModel {
    return this.#languageModel([model]);
  }

  /** The model for vectors; none when no route names one. */
  embed(): EmbeddingRoute | undefined {
    const { embed } = this.#config.routes;
    return embed[0] && this.#embeddingRoute(embed[0], embed);
  }

  /** One model for vectors by itself. */
  onlyEmbed(model: ModelConfig): EmbeddingRoute {
    return this.#embeddingRoute(model, [model]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #embeddingRoute(config: ModelConfig, chain: readonly ModelConfig[]): EmbeddingRoute {
    const candidates = chain.map((model) => this.#candidate(model));
    const { limits } = this.#config;
    const clock = this.#clock;
    return {
      config,
      embed: (texts, { signal, spend, dimensions }) => {
        const call = new EmbeddingsCall(texts, dimensions);
        const tokens = call.tokensEstimated;
        return firstAnswer({ candidates, limits, clock, signal, tokens }, (candidate) => {
          const { client, config } = candidate;
          const startedMs = clock.nowMs();
          const amounts = (tokensIn: number, timeMs: number) =>
            amountsOf(config.price, { tokensIn, tokensOut: 0 }, timeMs);
          const cost = () => amounts(call.tokens, clock.nowMs() - startedMs);
          return candidate.ask(
            tokens,
            () =>
              spend({
                most: amounts(call.tokensMax, limits.totalMs),
                hasCheaper: false,
                take: () => call.take(client, config, signal, limits.totalMs),
                spent: cost,
                spentInVain: cost,
              }),
            () => call.tokens,
          );
        });
      },
    };
  }

  #candidate(model: ModelConfig): Candidate {
    const candidate = this.#candidates.get(model);
    if (!candidate) throw new Error(`the model ${model.name} is not of this configuration`);
    return candidate;
  }

  #languageModel(chain: readonly ModelConfig[], cheaper?: LanguageModel): LanguageModel {
    const candidates = chain.map((model) => this.#candidate(model));
    return {
      name: candidates[0]?.config.model ?? '',
      cheaper,
      turn: (request) => this.#turn(candidates, cheaper !== undefined, request),
    };
  }

  async #turn(candidates: readonly Candidate[], hasCheaper: boolean, request: TurnRequest): Promise<Turn> {
    const { limits } = this.#config;
    const most = mostOf(request);
    const tokens = estimateOf(request, 0).tokensIn;
    const timeMs = Math.min(limits.totalMs, request.timeMs ?? limits.totalMs);
    const used = { tokensIn: 0, tokensOut: 0, micros: 0, isEstimated: false };
    const route = { candidates, limits, clock: this.#clock, signal: request.signal, tokens };
    const onFailure = (candidate: Candidate, failure: Error) =>
      request.onFailure?.(candidate.config.model, failure.message);
    return firstAnswer({ ...route, onFailure }, async (candidate) => {
      const { config, client, dialect } = candidate;
      const reader = new AnswerReader(request);
      const startedMs = this.#clock.nowMs();
      const cost = () => amountsOf(config.price, reader.usage, this.#clock.nowMs() - startedMs);
      const call = { api: client.api, config, dialect, limits, reader };
      try {
        const answer = await candidate.ask(
          tokens,
          () =>
            request.spend({
              most: amountsOf(config.price, most, timeMs),
              hasCheaper,
              take: () => streamAnswer(call, request),
              spent: cost,
              spentInVain: cost,
            }),
          () => reader.usage.tokensIn + reader.usage.tokensOut,
        );
        return { ...answer, model: config.model, ...sum(used, reader, config) };
      } catch (error) {
        Object.assign(used, sum(used, reader, config));
        throw error;
      }
    });
  }
}

type Used = Pick<Turn, 'tokensIn' | 'tokensOut' | 'micros' | 'isEstimated'>;

function sum(earlier: Used, { usage, isEstimated }: AnswerReader, { price }: ModelConfig): Used {
  return {
    tokensIn: earlier.tokensIn + usage.tokensIn,
    tokensOut: earlier.tokensOut + usage.tokensOut,
    micros: earlier.micros + costOf(price, usage),
    isEstimated: earlier.isEstimated || isEstimated,
  };
}
