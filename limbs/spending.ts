/** Amounts of what budgets bound; money in millionths. */
export interface Amounts {
  readonly tokens: number;
  readonly micros: number;
  readonly seconds: number;
}

/** One step of a task that costs something. */
export interface Step<T> {
  /** The most that it can cost. */
  readonly most: Amounts;
  /** Whether there is a cheaper way, which `BudgetShort` may then ask for. */
  readonly hasCheaper: boolean;
  /** Takes the step. */
  take(): Promise<T>;
  /** What it has cost. */
  spent(result: T): Amounts;
  /** What it has cost when it failed; without this, the most. */
  readonly spentInVain?: (error: unknown) => Amounts;
}

/** Takes a step within the budgets of the task. @throws BudgetShort before it is taken */
export type Spend = <T>(step: Step<T>) => Promise<T>;

/** For whom work is done: by default nothing ends it before its time, and nobody pays for it. */
export interface Terms {
  readonly signal?: AbortSignal | undefined;
  readonly spend?: Spend | undefined;
}

/** Outside of every budget: what belongs to no task. */
export const unpaid: Spend = (step) => step.take();

/** Spends, and adds up in `sum` what it was. */
export function metered(spend: Spend): { readonly spend: Spend; readonly sum: Amounts } {
  const sum = { tokens: 0, micros: 0, seconds: 0 };
  const add = (amounts: Amounts): Amounts => {
    sum.tokens += amounts.tokens;
    sum.micros += amounts.micros;
    sum.seconds += amounts.seconds;
    return amounts;
  };
  return {
    sum,
    spend: (step) => {
      const { spentInVain } = step;
      return spend({
        ...step,
        spent: (result) => add(step.spent(result)),
        ...(spentInVain ? { spentInVain: (error: unknown) => add(spentInVain(error)) } : {}),
      });
    },
  };
}

/** The budgets of the task have too little left for a step. */
export class BudgetShort extends Error {
  override readonly name = 'BudgetShort';
  /** The tenant wants the cheaper way instead of an end. */
  readonly wantsCheaper: boolean;

  constructor(message: string, wantsCheaper: boolean) {
    super(message);
    this.wantsCheaper = wantsCheaper;
  }
}
