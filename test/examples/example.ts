import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root, runCli } from '../../cli/testing/cli.fixture.ts';
import { installPackage, packPackage } from './installed.ts';

/** A command of an example that goes on. */
export interface Going {
  /** Waits for what it prints. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  stop(): Promise<void>;
}

/** One example in a folder of its own, with the packed package installed: its README's commands are run there. */
export class Example {
  readonly folder: string;
  readonly #source: string;
  readonly #toFollow: Set<string>;
  readonly #started = new Set<string>();
  readonly #going: Going[] = [];

  constructor(name: string) {
    this.#source = join(root, 'examples', name);
    this.folder = mkdtempSync(join(tmpdir(), `helix-${name}-`));
    const isOwn = (file: string) => !/\/(?:node_modules|dist|\.helix)$/.test(file);
    cpSync(this.#source, this.folder, { recursive: true, filter: isOwn });
    const text = readFileSync(join(this.folder, 'README.md'), 'utf8');
    const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
    const commands = blocks.flatMap((block) => block.split('\n')).map((line) => line.replace(/\s+#.*$/, '').trim());
    this.#toFollow = new Set(commands.filter((command) => command !== ''));
    this.#follow('npm pack ../..');
    this.#follow('npm install');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { dependencies } = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8'));
    expect(dependencies.helix).toBe(`file:helix-${version}.tgz`);
    installPackage(packPackage(this.folder), this.folder);
  }

  /** Runs a command of the README to its end and returns what it printed. */
  run(command: string): string {
    this.#follow(command);
    return execFileSync('sh', ['-c', command], { cwd: this.folder, env: this.#env(), encoding: 'utf8', stdio: 'pipe' });
  }

  /** Starts a command of the README; `more` takes the place of what two tests at once cannot share, such as a port. */
  start(command: string, more = '', env: Record<string, string> = {}): Going {
    if (!this.#started.has(command)) this.#follow(command);
    this.#started.add(command);
    const child = spawn('sh', ['-c', more === '' ? command : `${command} -- ${more}`], {
      cwd: this.folder,
      env: { ...this.#env(), ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const going = follow(child, command);
    this.#going.push(going);
    return going;
  }

  /** The bindings that are kept with the example are those of its module. */
  async expectCurrentBindings(folder: string): Promise<void> {
    const args = ['--module', join(this.#source, 'module.ts'), '--out', join(this.#source, folder), '--check'];
    expect(await runCli(['generate', ...args])).toMatchObject({ code: 0 });
  }

  /** The commands of the README that nothing has run. */
  get notFollowed(): string[] {
    return [...this.#toFollow];
  }

  async remove(): Promise<void> {
    await Promise.all(this.#going.map((going) => going.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #follow(command: string): void {
    if (!this.#toFollow.delete(command)) throw new Error(`the README does not say ${command}`);
  }

  #env(): NodeJS.ProcessEnv {
    const { HELIX_HOME: _home, HELIX_HUB: _hub, ...env } = process.env;
    return { ...env, NO_COLOR: '1', CI: '1' };
  }
}

function follow(child: ChildProcess, command: string): Going {
  let output = '';
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      changed();
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(changed);
  return {
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = output.match(pattern);
          if (match) resolve(match);
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`${command} ended before it said ${pattern}:\n${output}`));
          else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    async stop() {
      // The command and what it has started.
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGTERM');
      }
      await ended;
    },
  };
}
