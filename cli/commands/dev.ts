import { requireDatabaseName } from '../../engine/index.ts';
import { Developer, type DevOptions } from '../dev/developer.ts';
import { openServer } from '../dev/server.ts';
import { dashboardLink, dashboardOption } from '../lib/dashboard.ts';
import { interruption, untilAborted } from '../lib/interruption.ts';
import { checkFile } from '../lib/module-file.ts';

/** Serves a module and follows its files until it is asked to end. */
export async function dev(options: DevOptions): Promise<void> {
  requireDatabaseName(options.name);
  await checkFile(options.module);
  const { signal } = interruption();
  const opened = await openServer(options);
  try {
    console.log(
      `${options.name} is served at ${opened.server.url}${opened.data ? ` (rows are kept in ${opened.data})` : ''}`,
    );
    if (opened.data !== undefined && dashboardOption().dashboard !== undefined) {
      console.log(`Its dashboard is at ${await dashboardLink(opened.server)}`);
    }
    const developer = new Developer(opened.server, options, signal);
    await untilAborted(Promise.race([developer.run(), opened.failed]), signal);
  } finally {
    await opened.close();
  }
}
