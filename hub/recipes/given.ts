import type { Ctx, StepRow } from '../schema.ts';

// What somebody gave a step instead of what its recipe says. It stays with the step while that is tried again, and goes when
// something before it is done anew.

type Place = Pick<StepRow, 'frameId' | 'node'>;

/** JSON; none when the step goes by its recipe. */
export function inputGivenTo(ctx: Ctx, { frameId, node }: Place): string | undefined {
  for (const { input } of ctx.db.givenInput.byNode.filter([frameId, node])) return input;
  return undefined;
}

export function giveInput(ctx: Ctx, { runId, frameId, node }: Place & Pick<StepRow, 'runId'>, input: string): void {
  ctx.db.givenInput.byNode.delete([frameId, node]);
  ctx.db.givenInput.insert({ id: 0n, runId, frameId, node, input });
}

export function takeInputBack(ctx: Ctx, { frameId, node }: Place): void {
  ctx.db.givenInput.byNode.delete([frameId, node]);
}
