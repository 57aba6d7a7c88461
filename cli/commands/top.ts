import { Failure } from '../lib/failure.ts';
import type { HubOptions } from '../lib/hub.ts';
import { interruption } from '../lib/interruption.ts';
import { Feed } from '../top/feed.ts';
import { frame, pageRows } from '../top/frame.ts';
import { Screen, terminalSize } from '../top/terminal.ts';
import { firstView, type Key, press } from '../top/view.ts';

export interface TopOptions extends HubOptions {
  readonly once?: boolean;
}

/** Many rows may change at once: they are drawn together. */
const drawAfterMs = 50;

export async function top(options: TopOptions): Promise<void> {
  if (!options.once && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new Failure(
      'There is no terminal to draw on: use `helix top --once` for one picture, or `helix tasks --json`',
    );
  }
  const { signal, stop } = interruption();
  let changed = (): void => {};
  const feed = new Feed(options, () => changed());
  try {
    await feed.open(signal);
    if (options.once) {
      const lines = frame(feed.world(Date.now()), firstView, terminalSize());
      console.log(
        lines
          .slice(0, -1)
          .map((line) => line.trimEnd())
          .join('\n')
          .trimEnd(),
      );
      return;
    }
    await watch(feed, signal, (onChange) => {
      changed = onChange;
    });
  } finally {
    feed.close();
    stop();
  }
}

/** Draws whatever changes, until somebody quits. */
async function watch(feed: Feed, signal: AbortSignal, onChange: (listener: () => void) => void): Promise<void> {
  let view = firstView;
  let quit = (): void => {};
  const hasQuit = new Promise<void>((resolve) => {
    quit = resolve;
  });
  const draw = (): void => screen.draw(frame(feed.world(Date.now()), view, terminalSize()));
  const onKey = (key: Key): void => {
    const world = feed.world(Date.now());
    const next = press(view, key, world, pageRows(world, view, terminalSize()));
    if (next === 'quit') quit();
    else {
      view = next;
      feed.look(view.opened);
      draw();
    }
  };
  const screen = new Screen(onKey, draw);
  let timer: NodeJS.Timeout | undefined;
  onChange(() => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, drawAfterMs);
  });
  const clock = setInterval(draw, 1000);
  try {
    draw();
    await Promise.race([hasQuit, feed.keep(signal)]);
  } finally {
    clearInterval(clock);
    clearTimeout(timer);
    onChange(() => {});
    screen.close();
  }
}
