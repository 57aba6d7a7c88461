import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, root, runCli } from '../../cli/testing/cli.fixture.ts';

/** A folder of somebody who writes a module: sources, packages, and a home and a configuration of its own. */
export interface Workshop {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** Writes a file and returns its path. */
  write(name: string, text: string): string;
  /** Runs a command there to its end. */
  helix(...args: string[]): Promise<Ended>;
  remove(): void;
}

export function createWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'helix-workshop-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const env = { HELIX_HOME: join(folder, '.helix'), XDG_CONFIG_HOME: join(folder, 'config') };
  return {
    folder,
    env,
    write(name, text) {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    },
    helix: (...args) => runCli(args, { cwd: folder, env }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A chat's module; `columns` and `more` are added to it. */
export function chatModule({ columns = '', more = '' } = {}): string {
  return `import { schema, t, table } from 'spacetimedb/server';
const db = schema({
  message: table(
    { name: 'message', public: true },
    {
      id: t.u64().primaryKey().autoInc(),
      sender: t.identity(),
      sentAt: t.timestamp(),
      text: t.string(),
      replyTo: t.option(t.u64()),
      ${columns}
    },
  ),
});
export default db;
export const send = db.reducer({ text: t.string(), replyTo: t.option(t.u64()) }, (ctx, row) => {
  if (row.text === '') throw new Error('say something');
  console.log('sent', row.text);
  ctx.db.message.insert({ id: 0n, sender: ctx.sender, sentAt: ctx.timestamp, text: row.text, replyTo: row.replyTo${columns === '' ? '' : ', topic: 0n'} });
});
export const biggest = db.procedure({}, t.u64(), () => 18446744073709551615n);
${more}`;
}
