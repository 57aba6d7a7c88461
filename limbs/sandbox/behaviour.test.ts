import { expect, it } from 'vitest';
import type { Output, RunRequest } from './engine.ts';
import { describeEachEngine } from './testing/engines.ts';

await describeEachEngine('a sandboxed program', (engine) => {
  const run = (code: string, more: Partial<RunRequest> = {}) => engine.run({ code, ...more });

  it('prints, and its result names the engine and the level', async () => {
    const result = await run('print("hello")');
    expect(result).toMatchObject({
      outcome: 'exited',
      message: 'The code ended with exit code 0.',
      exitCode: 0,
      stdout: 'hello\n',
      stderr: '',
      stdoutTruncated: false,
      stderrTruncated: false,
      engine: engine.name,
      level: engine.level,
    });
  });

  it.each([
    ['sys.exit(3)', 3, ''],
    ['sys.exit()', 0, ''],
    ['sys.exit("no luck")', 1, 'no luck\n'],
    ['import os; os._exit(7)', 7, ''],
  ])('ends with the exit code of %s', async (code, exitCode, stderr) => {
    expect(await run(`import sys; ${code}`)).toMatchObject({ outcome: 'exited', exitCode, stderr });
  });

  it('tells an exception with its traceback and source line', async () => {
    const result = await run('def divide(n):\n    return 1 / n\n\ndivide(0)\n');
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /^Traceback \(most recent call last\):\n {2}File "\/code\/main.py", line 4, in <module>/,
    );
    expect(result.stderr).toContain('return 1 / n');
    expect(result.stderr).toMatch(/ZeroDivisionError: division by zero\n$/);
    expect(result.stderr).not.toContain('run_main');
  });

  it('tells a syntax error', async () => {
    const result = await run('print("open\n');
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 1 });
    expect(result.stderr).toContain('SyntaxError');
  });

  it('keeps unicode in code, input and output', async () => {
    const result = await run('print(input() + " ☕ é 漢字 𝄞")', { stdin: 'grüß 漢\n' });
    expect(result.stdout).toBe('grüß 漢 ☕ é 漢字 𝄞\n');
  });

  it('reads standard input to its end', async () => {
    const stdin = 'line\n'.repeat(20_000);
    expect((await run('import sys; print(len(sys.stdin.read()))', { stdin })).stdout).toBe('100000\n');
    expect((await run('import sys; print(repr(sys.stdin.read()))')).stdout).toBe("''\n");
  });

  it('runs as __main__, with classes that pickle and asyncio that blocks', async () => {
    const code = `
import asyncio, pickle
class Point: pass
async def double(n):
    await asyncio.sleep(0.01)
    return n * 2
async def main():
    return await asyncio.gather(double(1), double(2))
if __name__ == '__main__':
    print(type(pickle.loads(pickle.dumps(Point()))).__name__, asyncio.run(main()))
`;
    expect(await run(code)).toMatchObject({ stdout: 'Point [2, 4]\n', exitCode: 0 });
  });

  it('draws other random numbers in each run', async () => {
    const code = 'import random, uuid; print(random.random(), uuid.uuid4())';
    const [first, second] = [await run(code), await run(code)];
    expect(first.exitCode).toBe(0);
    expect(first.stdout).not.toBe(second.stdout);
  });

  it('may write to its scratch folder and read it again', async () => {
    const code = 'open("note.txt", "w").write("kept"); print(open("/tmp/note.txt").read())';
    expect(await run(code)).toMatchObject({ stdout: 'kept\n', exitCode: 0 });
  });

  it('is told in plain words that it timed out, and keeps what it had printed', async () => {
    const result = await run('print("begun")\nwhile True: pass', { limits: { timeMs: 1500 } });
    expect(result).toMatchObject({
      outcome: 'timed-out',
      message: 'The code timed out: it was stopped after 1.5 seconds.',
      exitCode: null,
      stdout: 'begun\n',
    });
  });

  it('is stopped at its output limit, which both streams share', async () => {
    const code = 'import sys\nprint("e" * 60, file=sys.stderr)\nprint("o" * 1000)\nwhile True: print("more")';
    const result = await run(code, { limits: { outputBytesMax: 100 } });
    expect(result).toMatchObject({ outcome: 'output-limit', stdoutTruncated: true, exitCode: null });
    expect(result.message).toBe('The code was stopped: it wrote more than 100 bytes.');
    expect(result.stdout.length + result.stderr.length).toBe(100);
  });

  it('may use its output limit to the last byte', async () => {
    const result = await run('print("x" * 99)', { limits: { outputBytesMax: 100 } });
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0, stdoutTruncated: false });
  });

  it('is told that it ran out of memory', async () => {
    const result = await run('data = bytearray(10 ** 9)');
    expect(result).toMatchObject({ outcome: 'out-of-memory' });
    expect(result.message).toBe('The code ran out of memory: its limit is 256 MiB.');
  });

  it('has the memory limit that its request gives', async () => {
    const code = 'data = bytearray(200 * 2 ** 20); print(len(data))';
    expect(await run(code, { limits: { memoryBytes: 128 * 2 ** 20 } })).toMatchObject({ outcome: 'out-of-memory' });
    expect(await run(code, { limits: { memoryBytes: 512 * 2 ** 20 } })).toMatchObject({ stdout: '209715200\n' });
  });

  it('is heard line by line while it runs', async () => {
    const heard: Output[] = [];
    const aborting = new AbortController();
    const code = 'import sys\nprint("one")\nprint("two", file=sys.stderr)\nwhile True: pass';
    const result = await engine.run(
      {
        code,
        onOutput: (output) => {
          heard.push(output);
          if (heard.length === 2) aborting.abort();
        },
      },
      aborting.signal,
    );
    expect(heard).toHaveLength(2);
    expect(heard).toContainEqual({ stream: 'stdout', text: 'one\n' });
    expect(heard).toContainEqual({ stream: 'stderr', text: 'two\n' });
    expect(result).toMatchObject({ outcome: 'killed', message: 'The code was stopped: the run was cancelled.' });
  });

  it('never starts when it was cancelled before', async () => {
    const result = await engine.run({ code: 'print("ran")' }, AbortSignal.abort());
    expect(result).toMatchObject({ outcome: 'killed', exitCode: null });
  });

  it('is stopped, and the error thrown, when the listener to its output throws', async () => {
    const onOutput = () => {
      throw new RangeError('the listener failed');
    };
    await expect(run('while True: print("line")', { onOutput })).rejects.toThrow('the listener failed');
  });

  it('may end while others run', async () => {
    const results = await Promise.all([1, 2, 3].map((n) => run(`print(${n})`)));
    expect(results.map((result) => result.stdout)).toEqual(['1\n', '2\n', '3\n']);
  });

  it('is refused when it or its limits are out of bounds', async () => {
    await expect(run('#'.repeat(300_000))).rejects.toMatchObject({ code: 'invalid-request' });
    await expect(run('1', { limits: { timeMs: 0 } })).rejects.toMatchObject({ code: 'invalid-request' });
    await expect(run('1', { limits: { memoryBytes: Number.NaN } })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  if (engine.name === 'pyodide') return;

  it('has as many threads as its limit allows', async () => {
    const code = `
import threading, time
count = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        count += 1
except RuntimeError:
    print(count)
`;
    expect((await run(code, { limits: { processesMax: 5 } })).stdout).toBe('4\n');
  });

  it('may fill its scratch space to the last byte, and with as many files as fit', async () => {
    const code = `
import errno, os
written = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while True: written += file.write(bytes(65536))
except OSError as error:
    print(error.errno in (errno.ENOSPC, errno.EFBIG), written)
os.remove('/tmp/big')
count = 0
try:
    while True:
        open(f'/tmp/{count}', 'w').close()
        count += 1
except OSError as error:
    print(error.errno == errno.ENOSPC, count)
`;
    const result = await run(code, { limits: { scratchBytes: 4 * 2 ** 20 } });
    expect(result.stdout).toBe(`True ${4 * 2 ** 20}\nTrue 256\n`);
  });

  it('sees of the host only what Python needs', async () => {
    const code = `
import os
print(sorted(os.listdir('/')))
print([path for path in ['/usr/share/doc', '/usr/src', '/usr/local/bin', '/usr/lib/node_modules/npm', '/sys', '/root'] if os.path.exists(path) and os.listdir(path)])
`;
    expect((await run(code)).stdout.replace(/'(\.dockerenv|sys)', /g, '')).toMatch(
      /^\['bin', 'code', 'dev', 'etc', 'lib'(, 'lib64')?, 'proc', 'tmp', 'tools', 'usr'\]\n\[\]\n$/,
    );
  });
});
