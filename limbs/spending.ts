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
