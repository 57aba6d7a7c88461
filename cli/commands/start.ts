import { access, constants } from 'node:fs/promises';
import { Listr } from 'listr2';
import pc from 'picocolors';
import { Failure } from '../lib/failure.ts';
import { makeFolder } from '../lib/folder.ts';
import type { HistoryOptions } from '../lib/history.ts';
import { findHome, type Home } from '../lib/home.ts';
import { interruption, untilAborted } from '../lib/interruption.ts';
import type { LimitOptions } from '../lib/limits.ts';
import { findRoot } from '../lib/root.ts';
import { oneLine } from '../lib/terminal.ts';
import { checkFree } from '../start/hub.ts';
import { Machine } from '../start/machine.ts';

export interface StartOptions extends HistoryOptions, LimitOptions {
  readonly port: number;
  readonly host: string;
}

/** The whole product on one machine, until Ctrl-C. */
export async function start({ port, host: hostname, ...hosting }: StartOptions): Promise<void> {
  const home = findHome();
  await prepareFolder(home);
  await checkFree({ home, hostname, port });

  const { signal } = interruption();
  const machine = new Machine({ home, root: findRoot(), hostname, port, signal, history: hosting, limits: hosting });
  try {
    await untilAborted(startUp(machine).run(), signal);
    const link = await machine.signInLink();
    console.log(`\nHelix is ready at ${pc.bold(machine.url)}`);
    console.log(`Sign in once with ${pc.cyan(link)}`);
    console.log(pc.dim('The link is good for 15 minutes. Ctrl-C stops Helix.'));
    console.log(pc.dim('Its tables, logs and clients: `npx helix dashboard` makes a link to them.\n'));
    machine.followLimb((line) => console.log(pc.dim(`limb: ${oneLine(line)}`)));
    await untilAborted(machine.failed, signal);
  } finally {
    if (signal.aborted) console.log(pc.dim('\nStopping …'));
    await machine.stop();
  }
}

function startUp(machine: Machine): Listr {
  return new Listr(
    [
      { title: 'Build the web face', task: (_, step) => machine.buildWeb(step) },
      { title: 'Start the hub', task: () => machine.startHub() },
      { title: 'Start the limb', task: (_, step) => machine.startLimb(step) },
      { title: 'Remember the documentation of Helix', task: (_, step) => machine.rememberDocumentation(step) },
    ],
    {
      registerSignalListeners: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
    },
  );
}

/** @throws Failure when the folder cannot be made or written. */
async function prepareFolder(home: Home): Promise<void> {
  try {
    for (const folder of [home.folder, home.limb.documents]) await makeFolder(folder);
    await access(home.folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = `${home.folder} cannot be written (${code})`;
    throw new Failure(`${what}: fix its permissions, or set HELIX_HOME to another folder`, { cause: error });
  }
}
