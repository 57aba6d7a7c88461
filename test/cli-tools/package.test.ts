import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../cli/testing/cli.fixture.ts';
import { buildTypes, installPackage, packPackage } from '../examples/installed.ts';
import { chatModule } from './workshop.ts';

// What somebody gets who installs the package: only what `npm pack` packs, beside the packages that it names.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-package-'));
  const unpacked = packPackage(folder);
  buildTypes(unpacked);
  const dependencies = { helix: '*', spacetimedb: '*', '@types/node': '*' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  installPackage(unpacked, folder);
  writeFileSync(join(folder, 'chat.ts'), chatModule());
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const helix = (...args: string[]) =>
  execFileSync(process.execPath, ['node_modules/helix/cli/bin.js', ...args], { cwd: folder, encoding: 'utf8' });
const node = (text: string) => {
  writeFileSync(join(folder, 'main.js'), text);
  return execFileSync(process.execPath, ['main.js'], { cwd: folder, encoding: 'utf8' });
};

describe('the package', () => {
  it('has the command, and the hub’s own module', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(helix('--version').trim()).toBe(version);
    expect(helix('generate', '--module', 'node_modules/helix/hub/index.ts', '--out', 'hub-bindings')).toMatch(
      /written/,
    );
  });

  it('carries no tests and no sources but those of the hub', () => {
    const files = readdirSync(join(folder, 'node_modules/helix'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.test\.ts$|\.map$/.test(file))).toEqual([]);
    const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    expect(sources.filter((file) => !file.startsWith('hub/'))).toEqual([]);
    expect(existsSync(join(folder, 'node_modules/helix/LICENSE'))).toBe(true);
  });

  it('hosts the module of the README from code in its ten lines', () => {
    const [, lines = ''] = /```ts\n(import \{ bundleModule, openHost \}[\s\S]*?)```/.exec(readme) ?? [];
    expect(lines.trim().split('\n').length).toBeLessThanOrEqual(10);
    writeFileSync(join(folder, 'host.ts'), lines);
    const [, module = ''] = /```ts\n(\/\/ my-module\.ts\n[\s\S]*?)```/.exec(readme) ?? [];
    writeFileSync(join(folder, 'my-module.ts'), module);
    const ownPort = lines.replace('port: 3000', 'port: 0');
    expect(ownPort).not.toBe(lines);
    const output = node(`${ownPort}
const ask = (path, body) => fetch(host.url + '/v1/database/my-db' + path, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body,
});
await ask('/call/send', '["Hello"]');
const [{ rows }] = await (await ask('/sql', 'SELECT text FROM message')).json();
console.log(JSON.stringify(rows));
await host.close();
`);
    expect(output).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n\[\["Hello"\]\]\n$/);
  });

  it('tests a module in process', () => {
    const output = node(`import { createTestHub } from 'helix/testing';
const hub = await createTestHub('chat.ts');
hub.call(hub.identity('ada'), 'send', { text: 'hello', replyTo: undefined });
console.log(hub.query(hub.owner, 'SELECT * FROM message').length);
`);
    expect(output).toBe('1\n');
  });

  // Node's own resolution finds the types of Helix, but not all of those of `spacetimedb`, which modules are written with.
  it.each([
    ['bundler', 'esnext', ['host.ts', 'typed.ts', 'module-types.ts']],
    ['nodenext', 'nodenext', ['host.ts', 'typed.ts']],
  ])('is typed under moduleResolution %s', (moduleResolution, module, files) => {
    writeFileSync(
      join(folder, 'typed.ts'),
      `import { type Host, openHost, Rejection } from 'helix/engine';
import { type LimbOptions, startLimb } from 'helix/limbs';
import { CallError, createTestHub, type TestHub } from 'helix/testing';
type IsAny<T> = 0 extends 1 & T ? true : false;
export const areTyped: IsAny<typeof openHost | typeof startLimb | typeof createTestHub | Host | TestHub | LimbOptions> = false;
export const host: Promise<Host> = openHost({ dataDirectory: 'data', onFailure: (error) => console.error(error.message) });
// @ts-expect-error the folder is missing
export const nowhere = openHost({ onFailure: () => {} });
export const start: (options: LimbOptions) => unknown = startLimb;
export async function test() {
  const hub = await createTestHub('chat.ts', { seed: 7 });
  // @ts-expect-error an option that there is not
  await createTestHub('chat.ts', { sed: 7 });
  hub.call(hub.owner, 'send', { text: 'hello' });
  const status: number = (await hub.fetch('/')).status;
  return [new Rejection('code', 'message').code, CallError.name, status];
}
`,
    );
    writeFileSync(
      join(folder, 'module-types.ts'),
      `import { createTestHub } from 'helix/testing';
export async function test() {
  const hub = await createTestHub<typeof import('./chat.ts')>('chat.ts');
  hub.call(hub.owner, 'send', { text: 'hello', replyTo: undefined });
  // @ts-expect-error a reducer that the module does not have
  hub.call(hub.owner, 'nothing', {});
  const biggest: bigint = await hub.callProcedure(hub.owner, 'biggest');
  const text: string | undefined = hub.rows('message')[0]?.text;
  return [biggest, text];
}
`,
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node'];
    const resolution = ['--module', module, '--moduleResolution', moduleResolution, '--allowImportingTsExtensions'];
    expect(run([tsc, ...flags, ...resolution, '--ignoreConfig', ...files])).toBe('');
  });

  function run(args: readonly string[]): string {
    try {
      return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout ?? error);
    }
  }
});
