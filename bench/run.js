#!/usr/bin/env node
// `npm run bench`: installs what Helix is compared with, bundles the sources, and runs them. Plain JavaScript, because
// Node 20 cannot run the sources themselves.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));

if (!existsSync(`${folder}node_modules/better-sqlite3`)) {
  console.error('Installing what Helix is compared with into bench/node_modules, once…');
  execFileSync('npm', ['ci', '--no-fund', '--no-audit'], { cwd: folder, stdio: 'inherit' });
}

const processes = readdirSync(`${folder}processes`).map((file) => file.replace(/\.[jt]s$/, ''));
await build({
  absWorkingDir: folder,
  entryPoints: {
    main: 'main.ts',
    ...Object.fromEntries(processes.map((name) => [`processes/${name}`, `./processes/${name}`])),
    // The engine's threads are looked for beside it.
    'log-thread': '../engine/log-thread.ts',
    'limb-store': '../limbs/memory/thread.ts',
    'limb-embeddings': '../limbs/embeddings/thread.ts',
    'history-thread': '../engine/history/thread.ts',
    'module-load': '../engine/module/load-thread.ts',
    'module-procedures': '../engine/module/procedures/thread.ts',
    // And so is the sandbox's own program.
    'pyodide-child': '../limbs/sandbox/pyodide/child.mjs',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});

const child = spawn(process.execPath, ['--enable-source-maps', `${folder}dist/main.js`, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
