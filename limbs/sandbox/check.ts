import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { allEngines } from './choose.ts';
import type { EngineName, Limits, Probe, RunResult, SandboxEngine, SandboxLevel } from './engine.ts';

export interface EngineCheck {
  readonly engine: EngineName;
  readonly level: SandboxLevel;
  readonly probe: Probe;
  /** Empty for an engine that is not there. */
  readonly attacks: readonly AttackResult[];
}

export interface AttackResult {
  readonly what: string;
  readonly isHeld: boolean;
  /** What the attack saw, in a line. */
  readonly seen: string;
}

/** What an attack may aim at on this machine. */
interface Target {
  readonly secretPath: string;
  readonly port: number;
}

interface Attack {
  readonly what: string;
  readonly code: (target: Target) => string;
  readonly limits?: Partial<Limits>;
  /** Default: the program was refused and said so. */
  readonly isHeld?: (result: RunResult) => boolean;
}

const mib = 1024 * 1024;

const attempt = `
import os, sys
def attempt(act):
    try:
        got = act()
    except BaseException as error:
        print('refused', type(error).__name__)
    else:
        print('REACHED', repr(got)[:80])
`;

const attacks: readonly Attack[] = [
  { what: 'reads a file of the host', code: ({ secretPath }) => `attempt(lambda: open(${text(secretPath)}).read())` },
  {
    what: 'reads a file of the host through /proc',
    code: ({ secretPath }) => `attempt(lambda: open('/proc/1/root' + ${text(secretPath)}).read())`,
  },
  {
    what: 'follows a symbolic link out',
    code: ({ secretPath }) => `attempt(lambda: (os.symlink(${text(secretPath)}, 'link'), open('link').read()))`,
  },
  { what: 'writes to the system', code: () => `attempt(lambda: open('/usr/lib/written', 'w').write('x'))` },
  {
    what: 'reads secrets of the environment',
    code: () => `attempt(lambda: [name for name in os.environ if name.startswith('HELIX')][0])`,
  },
  {
    what: 'connects to a server on this machine',
    code: ({ port }) => `import socket\nattempt(lambda: socket.create_connection(('127.0.0.1', ${port}), timeout=2))`,
  },
  {
    what: 'connects to the internet',
    code: () => `import socket\nattempt(lambda: socket.create_connection(('192.0.2.1', 80), timeout=2))`,
  },
  {
    what: 'runs a program that it wrote',
    code: () => `
import shutil, subprocess
def act():
    shutil.copy(sys.executable, '/tmp/own'); os.chmod('/tmp/own', 0o755)
    return subprocess.run(['/tmp/own', '-c', '']).returncode
attempt(act)`,
  },
  {
    what: 'makes processes without end',
    code: () => `
made = 0
try:
    while made < 200:
        if os.fork() == 0: os.read(0, 1); os._exit(0)
        made += 1
except BaseException: pass
print('made', made); sys.stdout.flush(); os._exit(0)`,
    isHeld: ({ stdout }) => Number(/made (\d+)/.exec(stdout)?.[1] ?? 0) < 200,
  },
  {
    what: 'takes memory without end',
    code: () => 'held = []\nwhile True: held.append(bytes(4 * 1024 * 1024))',
    limits: { memoryBytes: 128 * mib },
    isHeld: ({ outcome }) => outcome === 'out-of-memory' || outcome === 'killed',
  },
  {
    what: 'takes scratch space without end',
    code: () => `
written = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while written < 256 * 1024 * 1024: written += file.write(bytes(65536))
except BaseException: pass
print('written', written)`,
    limits: { scratchBytes: 4 * mib, memoryBytes: 128 * mib },
    isHeld: ({ stdout, outcome }) => outcome !== 'exited' || Number(/written (\d+)/.exec(stdout)?.[1] ?? 0) < 256 * mib,
  },
  {
    what: 'floods the output',
    code: () => `while True: print('x' * 1000)`,
    isHeld: ({ outcome }) => outcome === 'output-limit',
  },
  {
    what: 'never ends',
    code: () => 'while True: pass',
    limits: { timeMs: 1000 },
    isHeld: ({ outcome }) => outcome === 'timed-out',
  },
  {
    what: 'finds files of an earlier run',
    code: () => `attempt(lambda: [name for name in os.listdir('/tmp') if name in ('big', 'own', 'link')][0])`,
  },
];

/** Attacks every engine and tells what held; default: all that this machine has. `tell` hears each result as it comes. */
export async function checkEngines(
  tell: (engine: SandboxEngine, result: AttackResult) => void = () => {},
  engines: readonly SandboxEngine[] = allEngines(),
  isWanted: (what: string) => boolean = () => true,
): Promise<EngineCheck[]> {
  const folder = await mkdtemp(join(tmpdir(), 'helix-check-'));
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const secretPath = join(folder, 'secret');
    await writeFile(secretPath, 'secret', { mode: 0o644 });
    const checks: EngineCheck[] = [];
    const wanted = attacks.filter(({ what }) => isWanted(what));
    for (const engine of engines) checks.push(await checkEngine(engine, wanted, { secretPath, port }, tell));
    return checks;
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}

async function checkEngine(
  engine: SandboxEngine,
  attacks: readonly Attack[],
  target: Target,
  tell: (engine: SandboxEngine, result: AttackResult) => void,
): Promise<EngineCheck> {
  const probe = await engine.probe();
  const results: AttackResult[] = [];
  for (const attack of probe.present ? attacks : []) {
    const result = await run(engine, attack, target);
    results.push(result);
    tell(engine, result);
  }
  const { name, level } = engine;
  await engine.close();
  return { engine: name, level, probe, attacks: results };
}

async function run(engine: SandboxEngine, attack: Attack, target: Target): Promise<AttackResult> {
  const { what } = attack;
  try {
    const code = `${attempt}\n${attack.code(target)}\n`;
    const result = await engine.run({ code, ...(attack.limits && { limits: attack.limits }) });
    const isHeld = attack.isHeld ? attack.isHeld(result) : /^refused/.test(result.stdout);
    const [first = ''] = `${result.stdout || result.stderr.trim().split('\n').at(-1)}`.trim().split('\n');
    return { what, isHeld, seen: result.outcome === 'exited' ? first.slice(0, 100) : result.message };
  } catch (error) {
    return { what, isHeld: false, seen: `the attack could not be run: ${messageOf(error)}` };
  }
}

function text(value: string): string {
  return JSON.stringify(value);
}
