/** Which models there are, how they are reached and what each is for: the same, whether it was read from a file or the environment. */
export interface ModelsConfig {
  /** Where it was read, for a person. */
  readonly source: string;
  /** What a route may use, the first that is ready first; empty for none. */
  readonly routes: Readonly<Record<Purpose, readonly ModelConfig[]>>;
  /** All that are named, in a route or not. */
  readonly models: readonly ModelConfig[];
  readonly limits: CallLimits;
}

/** What a model is asked for: answers, small and cheap work, vectors. */
export type Purpose = 'reason' | 'fast' | 'embed';

export interface ModelConfig {
  /** As routes and people call it. */
  readonly name: string;
  /** As its server calls it. */
  readonly model: string;
  readonly provider: ProviderConfig;
  readonly price: Price;
  /** Where the name of the model is set, for messages. */
  readonly setting: string;
}

/** Millionths of a currency unit a token, which is units a million tokens. */
export interface Price {
  readonly inMicros: number;
  readonly outMicros: number;
}

export const free: Price = { inMicros: 0, outMicros: 0 };

/** One server and the account there: models of the same provider share its limits. */
export interface ProviderConfig {
  readonly name: string;
  /** Ends in the path of the API, such as `/v1`. */
  readonly baseUrl: string;
  readonly key: Key;
  /** Where the address and the key are set, for messages. */
  readonly baseUrlSetting: string;
  readonly keySetting: string;
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
}

/** Never logged and never part of a message. `missing` says what to do before the first call. */
export type Key = { readonly value: string | undefined } | { readonly missing: string };

/** How long a call may take, and how often it is tried. */
export interface CallLimits {
  /** Until the server has taken the connection. */
  readonly connectMs: number;
  /** Until the first piece of the answer: a server may first have to load its model. */
  readonly firstTokenMs: number;
  /** Between two pieces of the answer. */
  readonly idleMs: number;
  /** The whole answer. */
  readonly totalMs: number;
  /** How often a model is asked again in one call after a failure that may pass. */
  readonly retriesMax: number;
  /** The longest wait before the next try, such as a server asks for by `Retry-After`. */
  readonly waitMs: number;
}

export const callLimits: CallLimits = {
  connectMs: 10_000,
  firstTokenMs: 180_000,
  idleMs: 60_000,
  totalMs: 300_000,
  retriesMax: 2,
  waitMs: 60_000,
};

/** The address without a name and password that may be part of it. */
export function shownAddress({ baseUrl }: Pick<ProviderConfig, 'baseUrl'>): string {
  const url = new URL(baseUrl);
  return `${url.protocol}//${url.host}${url.pathname}`.replace(/\/$/, '');
}

export function keyOf({ key }: ProviderConfig): string | undefined {
  return 'value' in key ? key.value : undefined;
}

/** People give `http://localhost:8080` and mean `http://localhost:8080/v1`. */
export function withPath(baseUrl: string): string {
  const url = new URL(baseUrl);
  return url.pathname === '/' ? new URL('/v1', url).href : baseUrl.replace(/\/+$/, '');
}
