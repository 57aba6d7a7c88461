// The whole test command: what is checked, in order, and one closing line that counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Debian packages that tests of real components need, and a file that shows each is there. */
const packages = [
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'bubblewrap', file: '/usr/bin/bwrap' },
  { name: 'python3-minimal', file: '/usr/bin/python3' },
];

const checks = [
  { name: 'lint', command: ['npx', 'biome', 'ci', '--error-on-warnings'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'types', command: ['npx', 'tsc', '--noEmit', '-p', '.'] },
  { name: 'types of the web face', command: ['npx', 'svelte-check', '--tsconfig', 'web/tsconfig.json'] },
  {
    name: 'types of the dashboard',
    command: ['npx', 'svelte-check', '--tsconfig', 'web/dashboard/tsconfig.json'],
  },
  { name: 'unused code', command: ['npx', 'knip'] },
  {
    name: 'bindings are current',
    command: ['node', 'cli/bin.js', 'generate', '--module', 'hub/index.ts', '--out', 'bindings', '--check'],
  },
  { name: 'the package', command: ['npm', 'run', '--silent', 'check:package'] },
];

installPackages();
let passed = 0;
let failed = 0;
for (const check of checks) {
  console.log(`\n— ${check.name}`);
  if (run(check.command) === 0) passed += 1;
  else {
    failed += 1;
    console.log(`— ${check.name}: failed`);
  }
}

console.log('\n— tests');
const reports = mkdtempSync(join(tmpdir(), 'helix-test-'));
const report = join(reports, 'report.json');
run(['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
  HELIX_TEST_NO_BUILD: '1',
});
let skipped = 0;
if (existsSync(report)) {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed += result.numPassedTests;
  failed += result.numFailedTests + result.testResults.filter(failedToLoad).length;
  skipped += result.numPendingTests + result.numTodoTests;
  printSkipped(result);
} else {
  failed += 1;
  console.log('vitest ended without a report');
}
rmSync(reports, { recursive: true });

console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function run(command, environment = {}) {
  const [program, ...args] = command;
  // Colours are for people: a log of bytes between every letter cannot be searched.
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' };
  const env = { ...process.env, ...plain, ...environment };
  const { status } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  return status ?? 1;
}

function installPackages() {
  const missing = packages.filter((entry) => !existsSync(entry.file));
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.name);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`Tests that need the Debian packages ${names.join(', ')} are skipped: install them as root first.`);
    return;
  }
  console.log(`Installing the Debian packages ${names.join(', ')} for the tests of real components.`);
  const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['update', '-qq'], quiet);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], quiet);
  for (const entry of missing) if (!existsSync(entry.file)) console.log(`${entry.name} could not be installed.`);
}

function failedToLoad(file) {
  return file.status === 'failed' && file.assertionResults.length === 0;
}

function printSkipped(result) {
  const names = result.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed'),
  );
  if (names.length === 0) return;
  console.log('\nSkipped:');
  for (const test of names) console.log(`  ${test.fullName}`);
}
