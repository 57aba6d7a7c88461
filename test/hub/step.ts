import fc from 'fast-check';

/** One thing that somebody tries in a random history; a counterexample prints its name and its numbers. */
export interface Step<World> {
  act(world: World): void | Promise<void>;
  [fc.toStringMethod](): string;
}

/** Makes steps of one kind: random ones, and by `of` those of a history that is pinned. */
export function step<World, Args>(
  name: string,
  args: fc.Arbitrary<Args>,
  act: (world: World, args: Args) => void | Promise<void>,
): fc.Arbitrary<Step<World>> & { of(values: Args): Step<World> } {
  const of = (values: Args): Step<World> => ({
    act: (world) => act(world, values),
    [fc.toStringMethod]: () => `${name} ${fc.stringify(values)}`,
  });
  return Object.assign(args.map(of), { of });
}
