import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Output } from '../sandbox/index.ts';
import { type Bundle, bundle } from '../sandbox/testing/bundle.ts';
import { descendantsOf } from '../sandbox/testing/host.ts';
import { PythonTool } from './client.ts';

let programs: Bundle;
let command: readonly [string, ...string[]];
beforeAll(async () => {
  programs = await bundle({ mcp: 'limbs/mcp/main.ts', 'pyodide-child': 'limbs/sandbox/pyodide/child.mjs' });
  command = [process.execPath, programs.path('mcp')];
});
afterAll(() => programs.remove());

describe('the Python tool', () => {
  let tool: PythonTool;
  beforeAll(() => {
    tool = new PythonTool({ command });
  });
  afterAll(() => tool.close());

  it('runs a program in another process and names the sandbox', async () => {
    const description = await tool.describe();
    const result = await tool.run({ code: 'print(6 * 7)' });
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0, stdout: '42\n', stderr: '' });
    expect(result).toMatchObject({ engine: description.engine, level: description.level });
  });

  it('hears output line by line before the result', async () => {
    const heard: Output[] = [];
    const code = 'import sys\nfor n in range(2000): print(n)\nprint("bad", file=sys.stderr)';
    const result = await tool.run({ code }, (output) => heard.push(output));
    const of = (stream: string) => heard.filter((each) => each.stream === stream).map(({ text }) => text);
    expect(of('stdout').join('')).toBe(result.stdout);
    expect(of('stderr').join('')).toBe('bad\n');
    expect(heard.every(({ text }) => text.endsWith('\n'))).toBe(true);
  });

  it('lets a program call what was offered to it, and nothing that was offered to another', async () => {
    const offer = (word: string) => ({
      files: { 'say.md': word },
      call: async (name: string) => (name === 'say' ? { value: word } : { error: 'not granted' }),
    });
    const code = 'import tools; print(tools.say())\ntry: tools.shout()\nexcept tools.ToolError as e: print(e)';
    const results = await Promise.all(['one', 'two'].map((word) => tool.run({ code, tools: offer(word) })));
    expect(results.map(({ stdout }) => stdout)).toEqual(['one\nnot granted\n', 'two\nnot granted\n']);
    expect((await tool.run({ code })).stderr).toContain("No module named 'tools'");
  });

  it('stops a program at its time limit', async () => {
    const result = await tool.run({ code: 'while True: pass', timeoutMs: 700 });
    expect(result).toMatchObject({
      outcome: 'timed-out',
      message: 'The code timed out: it was stopped after 0.7 seconds.',
    });
  });

  it('stops a program when its signal is aborted, and throws the reason', async () => {
    const aborting = new AbortController();
    const heard: Output[] = [];
    const running = tool.run(
      { code: 'print("begun")\nwhile True: pass', timeoutMs: 100_000 },
      (output) => {
        heard.push(output);
        aborting.abort(new Error('the task was cancelled'));
      },
      aborting.signal,
    );
    await expect(running).rejects.toThrow('the task was cancelled');
    expect(heard).toEqual([{ stream: 'stdout', text: 'begun\n' }]);
    expect((await tool.run({ code: 'print("next")' })).stdout).toBe('next\n');
  });

  it('does not start for a signal that is aborted already', async () => {
    await expect(tool.run({ code: '1' }, undefined, AbortSignal.abort(new Error('too late')))).rejects.toThrow(
      'too late',
    );
  });

  it('tells what was wrong with a call', async () => {
    await expect(tool.run({ code: '' })).rejects.toMatchObject({ name: 'LimbError' });
    await expect(tool.run({ code: '1', timeoutMs: 1e9 })).rejects.toThrow(/timeout_ms/);
    await expect(tool.run({ code: '€'.repeat(200_000) })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('runs many programs, some of which wait for their turn', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => tool.run({ code: `print(${n})` })));
    expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('the process of the Python tool', () => {
  it('is started again after it died, and the run that was going on is told', async () => {
    const pidPath = join(programs.folder, 'pid');
    const tool = new PythonTool({ command: ['/bin/sh', '-c', `echo $$ > ${pidPath}; exec "$@"`, 'sh', ...command] });
    const pid = () => Number(readFileSync(pidPath, 'utf8'));
    try {
      const running = tool.run({ code: 'print("begun")\nwhile True: pass', timeoutMs: 100_000 }, () =>
        process.kill(pid(), 'SIGKILL'),
      );
      await expect(running).rejects.toMatchObject({ code: 'python-server-ended', isRetryable: true });
      const died = pid();
      expect((await tool.run({ code: 'print("again")' })).stdout).toBe('again\n');
      expect(pid()).not.toBe(died);
    } finally {
      await tool.close();
    }
  });

  it.runIf(existsSync('/proc/self/cmdline'))('takes what it runs with it when it dies', async () => {
    const pidPath = join(programs.folder, 'pid');
    // In a container it would be nobody's child; the next start of a limb removes that one.
    const start = `echo $$ > ${pidPath}; HELIX_SANDBOX_ENGINE=/nowhere exec "$@"`;
    const tool = new PythonTool({ command: ['/bin/sh', '-c', start, 'sh', ...command] });
    let children: number[] = [];
    const running = tool.run({ code: 'print("begun")\nwhile True: pass', timeoutMs: 100_000 }, () => {
      const pid = Number(readFileSync(pidPath, 'utf8'));
      children = descendantsOf(pid);
      process.kill(pid, 'SIGKILL');
    });
    await expect(running).rejects.toMatchObject({ code: 'python-server-ended' });
    expect(children.length).toBeGreaterThan(0);
    await expect.poll(() => children.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
    await tool.close();
  });

  it('says why when it cannot start, and tries again at the next call', async () => {
    const broken = new PythonTool({
      command: [process.execPath, '-e', 'console.error("no sandbox here"); process.exit(1)'],
    });
    const failure = { code: 'python-server-failed', message: 'The Python server did not start: no sandbox here' };
    await expect(broken.describe()).rejects.toMatchObject(failure);
    await expect(broken.run({ code: '1' })).rejects.toMatchObject(failure);
    await broken.close();
  });

  it('refuses calls once it is closed', async () => {
    const tool = new PythonTool({ command });
    await tool.close();
    await expect(tool.run({ code: '1' })).rejects.toMatchObject({ code: 'python-closed' });
  });
});

describe('the MCP server', () => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ name: 'test', version: '1' });
    const [program, ...args] = command;
    await client.connect(new StdioClientTransport({ command: program, args }));
  });
  afterAll(() => client.close());

  it('has exactly one tool', async () => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['run_python']);
    expect(Object.keys(tools[0]?.inputSchema.properties ?? {})).toEqual(['code', 'timeout_ms']);
    expect(tools[0]?.inputSchema.required).toEqual(['code']);
  });

  it('answers any MCP client in text and in structure', async () => {
    const result = await client.callTool({ name: 'run_python', arguments: { code: 'print("hi")\n1 / 0' } });
    expect(result.structuredContent).toMatchObject({ outcome: 'exited', exitCode: 1, stdout: 'hi\n' });
    const [part] = result.content as { text: string }[];
    expect(part?.text).toMatch(/^The code ended with exit code 1\.\n\nstdout:\nhi\n\n\nstderr:\nTraceback/);
  });

  it('answers a wrong call with an error', async () => {
    expect(await client.callTool({ name: 'run_python', arguments: { code: 5 } })).toMatchObject({ isError: true });
  });
});
