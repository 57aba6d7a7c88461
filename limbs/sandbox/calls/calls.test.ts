import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Tools } from '../engine.ts';
import { describeEachEngine } from '../testing/engines.ts';
import { type Reply, ToolCalls } from './calls.ts';
import { callMark } from './program.ts';

function toolsThat(answer: (name: string, args: unknown) => Reply | Promise<Reply>): Tools & { seen: unknown[] } {
  const seen: unknown[] = [];
  return {
    seen,
    files: { 'add.md': 'tools.add(a, b): the sum', 'README.md': 'There are tools.' },
    async call(name, args) {
      seen.push([name, args]);
      return answer(name, args);
    },
  };
}

await describeEachEngine('a program with tools', (engine) => {
  it('finds them under /tools, calls them, and what it prints is its own', async () => {
    const tools = toolsThat((_name, args) => {
      const { a, b } = args as { a: number; b: number };
      return { value: { sum: a + b, words: 'grüß ☕' } };
    });
    const code = `import os, tools
print(sorted(os.listdir('/tools')), open('/tools/add.md').read())
for n in range(3):
    print('before', n, end=' ')
    print(tools.add(a=n, b=40))
print(__name__, repr(input.__name__))`;
    const result = await engine.run({ code, tools });
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe(
      "['README.md', 'add.md'] tools.add(a, b): the sum\n" +
        [0, 1, 2].map((n) => `before ${n} {'sum': ${n + 40}, 'words': 'grüß ☕'}\n`).join('') +
        "__main__ 'input'\n",
    );
    expect(tools.seen).toEqual([0, 1, 2].map((a) => ['add', { a, b: 40 }]));
  });

  it('hears of a refusal as an error, and fails with its own lines', async () => {
    const tools = toolsThat(() => ({ error: 'not granted' }));
    const code =
      'import tools\ntry:\n    tools.send(to="x")\nexcept tools.ToolError as e:\n    print("refused:", e)\ntools.send()\n';
    const result = await engine.run({ code, tools });
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 1, stdout: 'refused: not granted\n' });
    expect(result.stderr).toMatch(
      /^Traceback.*\n {2}File "\/code\/main.py", line 6, in <module>\n {4}tools.send\(\)\n/,
    );
  });

  it('reaches nothing by calls that it writes itself', async () => {
    const tools = toolsThat(() => ({ error: 'refused' }));
    const code = `import os, sys
os.write(1, b'\\x1ehelix-call not json\\n')
os.write(1, b'\\x1ehelix-call {"name": 5}\\n')
os.write(1, b'\\x1ehelix-call {"name":"secrets","arguments":{}}\\n')
sys.stdout.write('\\x1ehelix-call ' + 'x' * 70000 + '\\n')
print('end')`;
    const result = await engine.run({ code, tools, limits: { outputBytesMax: 200_000 } });
    expect(result.stdout.endsWith('end\n')).toBe(true);
    expect(tools.seen).toEqual([['secrets', {}]]);
  });

  it('ends when a tool fails in the limb', async () => {
    const tools = toolsThat(() => Promise.reject(new Error('the disk is gone')));
    const running = engine.run({ code: 'import tools\nwhile True:\n    tools.add()', tools });
    await expect(running).rejects.toThrow('the disk is gone');
  });

  it('is stopped when it floods the limb with calls whose answers it does not read', async () => {
    const tools = toolsThat(() => ({ value: 1 }));
    const code = `import os\nwhile True:\n    os.write(1, b'\\x1ehelix-call {"name":"add"}\\n' * 1000)`;
    const result = await engine.run({ code, tools, limits: { outputBytesMax: 64 * 1024, timeMs: 30_000 } });
    expect(result.outcome).toBe('output-limit');
    expect(tools.seen.length).toBeLessThanOrEqual(200);
  });

  it('does not wait for answers longer than its time', async () => {
    const tools = toolsThat(() => new Promise(() => {}));
    const result = await engine.run({ code: 'import tools\ntools.add()', tools, limits: { timeMs: 1500 } });
    expect(result.outcome).toBe('timed-out');
  });
});

describe('the calls in a stream of bytes', () => {
  it('are output once they are far too many, so that answers that nobody reads fill no memory', async () => {
    let answered = 0;
    const replies = new PassThrough();
    const calls = new ToolCalls(
      toolsThat(() => {
        answered++;
        return { value: 1 };
      }),
      replies,
      () => {},
    );
    const flood = Buffer.from(`${callMark}{"name":"a"}\n`.repeat(10_000));
    const output = [1, 2, 3].map(() => calls.take(flood).length);
    await vi.waitUntil(() => answered === 200);
    expect(output.slice(1)).toEqual([flood.length, flood.length]);
    expect(replies.readableLength).toBeLessThan(64 * 1024);
    expect(replies.writableEnded).toBe(true);
  });

  it('are taken out wherever the stream is cut', async () => {
    const part = fc.oneof(
      fc.string().map((text) => ({ text: `${text}\n`, name: undefined })),
      fc.constantFrom('\u001e', '\u001ehelix', 'a\u001eb\n').map((text) => ({ text, name: undefined })),
      fc.string().map((name) => ({ text: `${callMark}${JSON.stringify({ name })}\n`, name })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(400)), async (parts, cuts) => {
        const seen: string[] = [];
        const call = async (name: string): Promise<Reply> => {
          seen.push(name);
          return { value: 1 };
        };
        const calls = new ToolCalls({ files: {}, call }, new PassThrough(), () => {});
        const bytes = Buffer.from(parts.map(({ text }) => text).join(''));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const output: Buffer[] = [];
        for (let i = 1; i < places.length; i++) output.push(calls.take(bytes.subarray(places[i - 1], places[i])));
        output.push(calls.end());
        await new Promise((resolve) => setImmediate(resolve));
        const names = parts.flatMap(({ name }) => (name === undefined ? [] : [name]));
        expect(seen).toEqual(names);
        const own = parts.filter(({ name }) => name === undefined).map(({ text }) => text);
        expect(Buffer.concat(output).toString()).toBe(own.join(''));
      }),
    );
  });
});
