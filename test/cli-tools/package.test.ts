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

  it('hosts a module from code in ten lines', () => {
    const output = node(`import { bundleModule, openHost } from 'helix/engine';
const host = await openHost({ dataDirectory: 'data', port: 0, onFailure: (error) => { throw error; } });
const { database, op } = await host.databases.publish({
  name: 'chat', owner: host.operator.identity, bundle: await bundleModule('chat.ts'),
  clear: false, breakClients: false, token: undefined,
});
const answer = await fetch(host.url + '/v1/database/chat/call/biggest', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: '[]',
});
console.log(op, database.def.tables.length, await answer.text());
await host.close();
`);
    expect(output).toBe('created 1 18446744073709551615\n');
  });

  it('tests a module in process', () => {
    const output = node(`import { createTestHub } from 'helix/testing';
const hub = await createTestHub('chat.ts');
hub.call(hub.identity('ada'), 'send', { text: 'hello', replyTo: undefined });
console.log(hub.query(hub.owner, 'SELECT * FROM message').length);
`);
    expect(output).toBe('1\n');
  });

  it('is typed', () => {
    writeFileSync(
      join(folder, 'typed.ts'),
      `import { openHost, type Host, Rejection } from 'helix/engine';
import { startLimb, type LimbOptions } from 'helix/limbs';
import { createTestHub } from 'helix/testing';
export const host: Promise<Host> = openHost({ dataDirectory: 'data', onFailure: (error) => console.error(error.message) });
export const start: (options: LimbOptions) => unknown = startLimb;
export async function test() {
  const hub = await createTestHub<typeof import('./chat.ts')>('chat.ts');
  hub.call(hub.owner, 'send', { text: 'hello', replyTo: undefined });
  // @ts-expect-error a reducer that the module does not have
  hub.call(hub.owner, 'nothing', {});
  return new Rejection('code', 'message').code;
}
`,
    );
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const args = [
      tsc,
      ...flags,
      '--moduleResolution',
      'bundler',
      '--types',
      'node',
      '--allowImportingTsExtensions',
      '--ignoreConfig',
      'typed.ts',
    ];
    expect(run(args)).toBe('');
  });

  function run(args: readonly string[]): string {
    try {
      return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout ?? error);
    }
  }
});
