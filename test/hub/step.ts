import fc from 'fast-check';

/** One thing that somebody tries in a random history; a counterexample prints its name and its numbers. */
export interface Step<World> {
  act(world: World): void | Promise<void>;
  [fc.toStringMethod](): string;
}

export function step<World, Args>(
  name: string,
  args: fc.Arbitrary<Args>,
  act: (world: World, args: Args) => void | Promise<void>,
): fc.Arbitrary<Step<World>> {
  return args.map((values) => ({
    act: (world) => act(world, values),
    [fc.toStringMethod]: () => `${name} ${fc.stringify(values)}`,
  }));
}
