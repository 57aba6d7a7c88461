import type { Spend } from '../../spending.ts';

/** An operator who tries a model does so outside of every budget. */
export const unpaid: Spend = (step) => step.take();
