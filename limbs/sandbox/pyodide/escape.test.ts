import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Host, openHost } from '../testing/host.ts';
import { findNamespaces, startChild } from './command.ts';
import { PyodideEngine } from './engine.ts';
import { runtimeFiles } from './files.ts';

const engine = new PyodideEngine();
const probe = await engine.probe();
const namespaces = await findNamespaces();

const suite = probe.present ? describe : describe.skip;
const title = probe.present ? '' : ` SKIPPED, the engine is absent: ${probe.reason}`;

suite(`JavaScript reached from Python in WebAssembly [pyodide]${title}`, () => {
  let host: Host;
  beforeAll(async () => {
    host = await openHost();
  });
  afterAll(async () => {
    host.close();
    await engine.close();
  });

  const expectHeld = ({ stdout, stderr }: { stdout: string; stderr: string }): void => {
    expect(stdout).not.toContain('ESCAPED');
    expect(stdout + stderr).not.toContain(host.secret);
    expect(host.connections()).toBe(0);
    expect(host.victim.signalCode).toBeNull();
    expect(readdirSync(host.openFolder)).toEqual([]);
  };

  const ATTACKS: Record<string, (host: Host) => string> = {
    'os.system': ({ openFolder }) => `import os; print('ESCAPED', os.system('touch ${openFolder}/written'))`,
    'os.popen': () => `import os; print('ESCAPED', os.popen('id').read())`,
    'a script of emscripten': () =>
      `import ctypes; print('ESCAPED', ctypes.CDLL(None).emscripten_run_script(b'globalThis.x = 1'))`,
    'a script of emscripten with a result': () =>
      `import ctypes; f = ctypes.CDLL(None).emscripten_run_script_string; print('ESCAPED', f(b'1 + 1'))`,
    "libc's own system": ({ openFolder }) =>
      `import ctypes; print('ESCAPED', ctypes.CDLL(None).system(b'touch ${openFolder}/written'))`,
    'the constructor of functions': () =>
      `from pyodide.ffi import to_js; print('ESCAPED', to_js([1]).constructor.constructor('return process')())`,
    run_js: () => `from pyodide.code import run_js; print('ESCAPED', run_js('1 + 1'))`,
    'the globals of JavaScript': () => `
import js
names = [name for name in ['process', 'require', 'fetch', 'globalThis', 'eval', 'Function', 'Object', 'WebSocket'] if hasattr(js, name)]
print('ESCAPED' if names else 'nothing', names)`,
    'a folder of the host, mounted': () => `
import os, pyodide_js
try:
    os.mkdir('/host')
    pyodide_js.mountNodeFS('/host', '/')
finally:
    print('ESCAPED' if os.listdir('/host') else 'nothing')`,
    'the file system of Node': ({ secretPath }) => `
import os, pyodide_js
from pyodide.ffi import to_js
os.mkdir('/host')
fs = pyodide_js.FS
fs.mount(fs.filesystems.NODEFS, to_js({'root': '/'}, dict_converter=pyodide_js._api.config.constructor.fromEntries), '/host')
print('ESCAPED', open('/host${secretPath}').read())`,
    'a fetch': ({ port }) => `
import asyncio
from pyodide.http import pyfetch
print('ESCAPED', asyncio.run(pyfetch('http://127.0.0.1:${port}/')))`,
    'a package from the network': ({ port }) => `
import asyncio, pyodide_js
print('ESCAPED', asyncio.run(pyodide_js.loadPackage('http://127.0.0.1:${port}/x-1.0-py3-none-any.whl')))`,
    'a socket': ({ port }) => `
import socket
s = socket.socket()
s.connect(('127.0.0.1', ${port}))
print('ESCAPED', s.send(b'x'))`,
  };

  it.each(Object.entries(ATTACKS))('opens nothing by %s', async (_name, attack) => {
    const result = await engine.run({ code: attack(host), limits: { timeMs: 5000 } });
    expectHeld(result);
  });

  it('takes no more memory than its limit in JavaScript either', async () => {
    const code = `
from pyodide.ffi import to_js
array = to_js(b'x').constructor
hoard = []
try:
    while len(hoard) < 100: hoard.append(array.new(2 ** 27).fill(1))
except BaseException as error:
    print('refused', type(error).__name__)
print(len(hoard) < 8)
`;
    const result = await engine.run({ code, limits: { timeMs: 20_000 } });
    if (result.outcome === 'exited') expect(result.stdout).toMatch(/^refused \w+\nTrue\n$/);
    else expect(['out-of-memory', 'killed']).toContain(result.outcome);
  });

  if (namespaces !== 'all') it.skip(`SKIPPED the outer walls alone: the namespaces to be had here are ${namespaces}`);
  const walls: [name: string, lockedDown: boolean][] = [['behind the wall that the child itself puts up', true]];
  if (namespaces === 'all') walls.push(['behind the walls of Node, its user and its namespaces alone', false]);

  it.each(walls)('has, even as code of its own, no network, files or processes %s', async (_name, lockedDown) => {
    const files = await runtimeFiles();
    const folder = await mkdtemp(join(tmpdir(), 'helix-child-'));
    try {
      await chmod(folder, 0o755);
      const childPath = join(folder, 'child.mjs');
      const source = readFileSync(files.childPath, 'utf8');
      const attempts = lockedDown ? { ...effects(host), ...means } : effects(host);
      const attack = `${lockedDown ? 'lockDown();' : ''}\n${inJavaScript(attempts)}\nif (false)`;
      const hostile = source.replace(/^if \(mode === 'snapshot'\)/m, () => attack);
      expect(hostile).not.toBe(source);
      await writeFile(childPath, hostile, { mode: 0o644 });
      const confined = startChild({ ...files, childPath }, namespaces, 256 * 2 ** 20, 'run');
      let [stdout, stderr] = ['', ''];
      confined.stdin.end();
      confined.pipes[0]?.end();
      confined.stdout.on('data', (bytes) => {
        stdout += bytes;
      });
      confined.stderr.on('data', (bytes) => {
        stderr += bytes;
      });
      await confined.ended;
      expectHeld({ stdout, stderr });
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^refused .*\nend\n$/s);
    } finally {
      await rm(folder, { recursive: true });
      files.remove();
    }
  });
});

/** What somebody would do who had found a way to run any JavaScript in the child. */
const effects = ({ secretPath, openFolder, port, victim }: Host): Record<string, string> => ({
  kill: `process.kill(${victim.pid}, 9)`,
  'the first process': `process.kill(${process.pid}, 9)`,
  read: `(await import("node:fs")).readFileSync("${secretPath}", "utf8")`,
  'read, promised': `await (await import("node:fs/promises")).readFile("${secretPath}", "utf8")`,
  'read by import': `await import("file://${secretPath}")`,
  'read by require': `(await import("node:module")).createRequire("file:///x.js")("${secretPath}")`,
  'other processes': '(await import("node:fs")).readdirSync("/proc")',
  write: `(await import("node:fs")).writeFileSync("${openFolder}/written", "x")`,
  spawn: `(await import("node:child_process")).execSync("touch ${openFolder}/written")`,
  worker: 'new ((await import("node:worker_threads")).Worker)("1", { eval: true })',
  connect: `await heard((await import("node:net")).connect(${port}, "127.0.0.1"))`,
  'connect by a socket': `await heard(new ((await import("node:net")).Socket)().connect(${port}, "127.0.0.1"))`,
  'connect by http': `await heard((await import("node:http")).get("http://127.0.0.1:${port}"))`,
  'connect by http2': `await heard((await import("node:http2")).connect("http://127.0.0.1:${port}"))`,
  fetch: `await fetch("http://127.0.0.1:${port}")`,
});

const means: Record<string, string> = {
  eval: 'eval("1")',
  Function: 'Function("return 1")()',
  'a constructor': '(function* () {}).constructor("yield 1")().next()',
  binding: 'process.binding("fs").open',
  vm: '(await import("node:vm")).runInNewContext("1")',
  inspector: '(await import("node:inspector")).open(0)',
  require: '(await import("node:module")).createRequire("file:///x.js")("fs")',
  'a data URL':
    '(await import("data:text/javascript,export default process.getBuiltinModule(\'net\')")).default.connect(1)',
  datagram: '(await import("node:dgram")).createSocket("udp4")',
};

function inJavaScript(attempts: Record<string, string>): string {
  const lines = Object.entries(attempts).map(
    ([name, code]) =>
      `try { tell("ESCAPED ${name} " + (${code})); } catch (error) { tell("refused ${name} " + (error?.code ?? error?.message)); }`,
  );
  return `
const tell = (line) => writeSync(1, line.slice(0, 200) + '\\n');
const heard = (socket) => new Promise((resolve, reject) => {
  for (const event of ['connect', 'response', 'end']) socket.on(event, resolve);
  socket.on('error', reject);
});
${lines.join('\n')}
tell('end');
exit(0);
`;
}
