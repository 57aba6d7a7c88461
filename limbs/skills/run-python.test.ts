import { expect, test } from 'vitest';
import { BudgetShort, type Spend } from '../spending.ts';
import { summarySchema } from '../summary.ts';
import { testContext } from '../testing/context.ts';
import { fakePython } from '../testing/fake-python.ts';
import { type Python, runPythonSkill } from './run-python.ts';

test('the summary has the output, the exit code and the sandbox', async () => {
  const python = fakePython({ stdout: '42\nbye\n' });
  const context = testContext();
  const body = await runPythonSkill(python).run({ code: 'print(42)' }, context);
  expect(body).toMatchObject({ text: '42\nbye', exitCode: 0, engine: 'bubblewrap (jail)', note: '' });
  expect(context.lines).toEqual(['42', 'bye']);
  expect(python.programs).toEqual(['print(42)']);
});

test('a failing program shows both streams', async () => {
  const python = fakePython({ exitCode: 1, stdout: 'one\n', stderr: 'Traceback …\nValueError: no\n' });
  const body = await runPythonSkill(python).run({ code: 'x' }, testContext());
  expect(body).toMatchObject({ exitCode: 1, text: 'one\n\nStandard error:\nTraceback …\nValueError: no' });
});

test('a program that says nothing says so', async () => {
  expect((await runPythonSkill(fakePython({})).run({ code: 'x' }, testContext())).text).toBe('(no output)');
});

test('a program that was stopped says why', async () => {
  const python = fakePython({ outcome: 'timed-out', exitCode: null, stdout: 'started\n' });
  const body = await runPythonSkill(python).run({ code: 'x', timeoutMs: 10_000 }, testContext());
  expect(body).toMatchObject({ note: 'The program was stopped: timed out after 10 s.', text: 'started' });
  expect(body.exitCode).toBeUndefined();
});

test('of a long output the end is kept', async () => {
  const stdout = Array.from({ length: 5000 }, (_, i) => `line ${i}`).join('\n');
  const body = await runPythonSkill(fakePython({ stdout })).run({ code: 'x' }, testContext());
  expect(body.text).toMatch(/^… \(\d+ characters before this left out\)\nline \d+\n/);
  expect(body.text.endsWith('line 4999')).toBe(true);
  expect(summarySchema.safeParse(body).success).toBe(true);
});

test('a program whose budget ends says how far it came, and why it ended', async () => {
  const python: Python = {
    describe: fakePython({}).describe,
    run: (_, onOutput, signal) => {
      onOutput?.({ stream: 'stdout', text: 'so far\n' });
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  let slices = 0;
  const spend: Spend = (step) => {
    if (slices++ > 0) throw new BudgetShort('the seconds are short by 1', false);
    return step.take();
  };
  const body = await runPythonSkill(python).run({ code: 'x' }, { ...testContext(), spend });
  expect(body).toMatchObject({
    text: 'so far',
    engine: 'bubblewrap (jail)',
    note: 'Unfinished: the seconds are short by 1',
    exitCode: undefined,
  });
});

test.each([[{}], [{ code: '' }], [{ code: 'x', timeoutMs: 1e9 }], ['x'], [null]])(
  'the input %j is refused',
  async (input) => {
    const work = runPythonSkill(fakePython({})).run(input, testContext());
    await expect(work).rejects.toMatchObject({ code: 'invalid-input', isRetryable: false });
  },
);
