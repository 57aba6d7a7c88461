// The whole test command: what is checked, in order, and one closing line that counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Debian packages that tests of real components need, and a file that shows each is there. */
const packages = [
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'bubblewrap', file: '/usr/bin/bwrap' },
  { name: 'python3-minimal', file: '/usr/bin/python3' },
  { name: 'docker.io', file: '/usr/sbin/dockerd' },
  { name: 'rootlesskit', file: '/usr/bin/rootlesskit' },
  { name: 'uidmap', file: '/usr/bin/newuidmap' },
  { name: 'slirp4netns', file: '/usr/bin/slirp4netns' },
  { name: 'iproute2', file: '/usr/sbin/ip' },
  { name: 'nftables', file: '/usr/sbin/nft' },
  { name: 'openssh-client', file: '/usr/bin/ssh' },
  { name: 'openssh-server', file: '/usr/sbin/sshd' },
  { name: 'ufw', file: '/usr/sbin/ufw' },
  { name: 'postgresql', file: '/usr/bin/psql' },
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
installPgvector();
const endContainers = startContainers();
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
const figures = join(reports, 'figures.txt');
run(['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
  HELIX_TEST_NO_BUILD: '1',
  HELIX_TEST_FIGURES: figures,
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
const told = readIfThere(figures);
rmSync(reports, { recursive: true });
endContainers();

if (told !== undefined) console.log(`\n— figures\n${told}`);
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

/** Not in every Debian: built from its sources there. */
function installPgvector() {
  const debian = '/usr/share/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).filter((name) => Number(name) >= 15) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined || existsSync(`${debian}/${newest}/extension/vector.control`)) return;
  if (process.getuid?.() !== 0) {
    console.log('Tests of the memory on PostgreSQL are skipped: run test/support/install-pgvector.sh as root first.');
    return;
  }
  console.log('Installing pgvector for the tests of the memory on PostgreSQL.');
  const { status, stderr } = spawnSync('sh', ['test/support/install-pgvector.sh'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) console.log(`pgvector could not be installed:\n${stderr}`);
}

/** Starts the rootless engine that the sandbox's tests need, unless one runs; returns how to end what was started. */
function startContainers() {
  if (!existsSync('/usr/sbin/dockerd')) return () => {};
  const pidFile = '/var/lib/helix-sandbox/engine.pid';
  const pidBefore = readIfThere(pidFile);
  const started = spawnSync('sh', ['infra/sandbox/start-engine.sh'], { cwd: root, encoding: 'utf8' });
  const address = started.stdout.trim();
  const isReady =
    started.status === 0 &&
    (spawnSync('docker', ['--host', address, 'image', 'inspect', 'helix-sandbox:1']).status === 0 ||
      spawnSync('sh', ['infra/sandbox/build-image.sh', address], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
        .status === 0);
  if (!isReady)
    console.log(`Tests of containers are skipped: ${started.stderr.trim() || 'the image could not be built'}`);
  const pid = readIfThere(pidFile);
  return () => {
    if (pid !== undefined && pid !== pidBefore) process.kill(Number(pid), 'SIGTERM');
  };
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
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
