import { access, constants, mkdir } from 'node:fs/promises';
import { Listr, type ListrTask } from 'listr2';
import pc from 'picocolors';
import { version } from '../../package.json';
import { Failure } from '../lib/failure.ts';
import { findHome, type Home } from '../lib/home.ts';
import { connectHub, databaseName, type Hub } from '../lib/hub.ts';
import { interruption, untilAborted } from '../lib/interruption.ts';
import { createInvite } from '../lib/invite.ts';
import { rememberDocuments } from '../lib/remember.ts';
import { findRoot } from '../lib/root.ts';
import { findDocumentation } from '../start/documentation.ts';
import { checkFree, startHub, stopHub } from '../start/hub.ts';
import { LimbProcess } from '../start/limb-process.ts';
import { isEnrolled, waitForLimb } from '../start/limb-wait.ts';
import { buildWeb, isWebStale } from '../start/web-face.ts';

export interface StartOptions {
  readonly port: number;
  readonly host: string;
}

/** What has been started so far. */
interface Started {
  url?: string;
  hub?: Hub;
  /** The limb's identity in hex, once it is online. */
  limb?: string | undefined;
}

/** The whole product on one machine, until Ctrl-C. */
export async function start({ port, host: hostname }: StartOptions): Promise<void> {
  const home = findHome();
  const root = findRoot();
  const { signal } = interruption();
  const cleanups: (() => Promise<void>)[] = [];
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  let tellLimb = (_line: string): void => {};

  const steps: ListrTask<Started>[] = [
    {
      title: `Prepare the data folder ${home.folder}`,
      task: async () => {
        await prepareFolder(home);
        await checkFree({ home, hostname, port });
      },
    },
    {
      title: 'Build the web face',
      task: async (_, step) => {
        if (!(await isWebStale(root))) return step.skip('The web face is built');
        await buildWeb(root, signal, (line) => {
          step.output = line;
        });
      },
    },
    {
      title: 'Start the hub',
      task: async (started) => {
        const warn = (message: string): void => console.error(`helix: ${message}`);
        const host = await startHub({ home, root, hostname, port, warn, onFailure: fail });
        cleanups.push(() => stopHub(home, host));
        started.url = host.url;
        started.hub = await connectHub(home, { url: host.url, database: databaseName }, host.operator.token);
        cleanups.push(async () => started.hub?.close());
      },
    },
    {
      title: 'Start the limb',
      task: async (started, step) => {
        const { hub, url } = ready(started);
        tellLimb = (line) => {
          step.output = line;
        };
        const environment = async (): Promise<Record<string, string>> => {
          const paired = (await isEnrolled(hub)) ? {} : { HELIX_PAIR_CODE: await createInvite(hub, 'Limb') };
          return { HELIX_HOME: home.folder, HELIX_HUB: url, ...paired };
        };
        const limb = new LimbProcess({ root, environment, tell: (line) => tellLimb(line) });
        cleanups.push(() => limb.stop());
        await limb.start();
        started.limb = await waitForLimb(hub, signal);
        if (started.limb === undefined) step.title = 'The limb is not online yet: it is started again until it is';
      },
    },
    {
      title: 'Remember the documentation of Helix',
      skip: (started) => started.limb === undefined,
      task: async (started, step) => {
        const { hub } = ready(started);
        const reference = `documentation-${version}-${started.limb?.slice(0, 16)}`;
        const tell = (line: string): void => {
          step.output = line;
        };
        await rememberDocuments(hub, await findDocumentation(root), signal, tell, reference).catch((error) => {
          if (!(error instanceof Failure)) throw error;
          step.title = error.message;
        });
      },
    },
  ];

  try {
    const list = new Listr<Started>(steps, {
      registerSignalListeners: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false, collapseSkips: true },
      fallbackRenderer: 'simple',
    });
    const started = await untilAborted(list.run({}), signal);
    const { hub, url } = ready(started);
    const code = await createInvite(hub, 'Member');
    console.log(`\nHelix is ready at ${pc.bold(url)}`);
    console.log(`Sign in once with ${pc.cyan(`${url}/#code=${code}`)}`);
    console.log(pc.dim('The link is good for 15 minutes. Ctrl-C stops Helix.\n'));
    tellLimb = (line) => console.log(pc.dim(`limb: ${line}`));
    await untilAborted(Promise.race([failed, hub.lost]), signal);
  } finally {
    if (signal.aborted) console.log(pc.dim('\nStopping …'));
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function prepareFolder(home: Home): Promise<void> {
  try {
    for (const folder of [home.folder, home.limb.documents]) await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(home.folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      `${home.folder} cannot be written (${code}): fix its permissions, or set HELIX_HOME to another folder`,
    );
  }
}

function ready(started: Started): { readonly hub: Hub; readonly url: string } {
  const { hub, url } = started;
  if (hub === undefined || url === undefined)
    throw new Failure('The hub did not start: run it again with HELIX_DEBUG=1');
  return { hub, url };
}
