import { readdirSync, readFileSync } from 'node:fs';
import { beforeEach, expect, it } from 'vitest';
import { joinLimb, type Mesh, type MeshClient, startMesh } from '../mesh.ts';
import { type Cooking, outputOf, runOf, save, serve, start, statesOf } from './kitchen.ts';

// The ready recipes, each run as it is with a limb that answers by script.

const folder = new URL('../../../hub/recipes/library/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''));

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'cook', { capacity: 4, skills: ['reason', 'run_python'] });
});

/** Starts a recipe by its file. */
function begin(name: string, payload: unknown): bigint {
  save(mesh, readFileSync(new URL(`${name}.yaml`, folder), 'utf8'));
  return start(mesh, name, payload);
}

const answer = (inputs: object, isApproved = true) => {
  const approvalId = mesh.rows('approval').find(({ state }) => state.tag === 'Open')?.id ?? 0n;
  mesh.call(mesh.owner, 'decideApproval', { approvalId, isApproved, note: '', inputs: JSON.stringify(inputs) });
};

/** A program `fail …` ends with a status of 1; a question is answered by its length. */
const cooking: Cooking = ({ code, question }) => {
  if (question !== undefined) return { text: `answer of ${String(question).length}` };
  return { text: `ran ${code}`, exitCode: String(code).startsWith('fail') ? 1 : 0 };
};

const tests: Record<string, () => void> = {
  'webhook-to-summary': () => {
    const id = begin('webhook-to-summary', { action: 'opened' });
    expect(String(serve(mesh, limb, cooking)[0]?.['question'])).toContain('{"action":"opened"}');
    expect(outputOf(mesh, id)).toMatchObject({ kind: 'manual', summary: expect.stringContaining('answer') });
  },
  'failed-job-triage': () => {
    const id = begin('failed-job-triage', { job: 'backup', log: 'disk full', code: 'again' });
    serve(mesh, limb, cooking);
    answer({});
    serve(mesh, limb, cooking);
    expect(outputOf(mesh, id)).toMatchObject({ cause: expect.stringContaining('answer'), again: 'done' });
    const refused = begin('failed-job-triage', { job: 'backup', log: 'disk full', code: 'again' });
    serve(mesh, limb, cooking);
    answer({}, false);
    expect(outputOf(mesh, refused)).toMatchObject({ again: 'failed' });
  },
  'python-report': () => {
    const id = begin('python-report', {});
    serve(mesh, limb, cooking);
    expect(outputOf(mesh, id)).toMatch(/^ran import datetime/);
  },
  'approval-before-action': () => {
    const id = begin('approval-before-action', { what: 'Clean up', code: 'rm' });
    expect(mesh.rows('approval')).toMatchObject([{ prompt: 'Clean up: do it?', role: { tag: 'Owner' } }]);
    answer({ dryRun: true });
    expect(outputOf(mesh, id)).toMatchObject({ did: 'skipped', said: null });
    const real = begin('approval-before-action', { what: 'Clean up', code: 'rm' });
    answer({});
    serve(mesh, limb, cooking);
    expect(outputOf(mesh, real)).toMatchObject({ did: 'done', said: 'ran rm', by: 'local owner' });
  },
  'map-reduce-documents': () => {
    const id = begin('map-reduce-documents', { documents: ['a.md', 'b.md'], question: 'Who?' });
    const made: Cooking = (input, title) => (title === 'b.md' ? { fails: 'no' } : cooking(input, title));
    const whole = serve(mesh, limb, made).at(-1);
    expect(String(whole?.['question'])).toContain('"b.md: no answer"');
    expect(runOf(mesh, id).state.tag).toBe('Done');
  },
  'retry-with-compensation': () => {
    const id = begin('retry-with-compensation', {
      ...{ reserve: 'reserve', release: 'release', pay: 'pay', refund: 'refund', confirm: 'fail to confirm' },
    });
    expect(serve(mesh, limb, cooking).map(({ code }) => code)).toEqual([
      ...['reserve', 'pay', 'fail to confirm', 'fail to confirm', 'fail to confirm'],
      ...['refund', 'release'],
    ]);
    expect(runOf(mesh, id).state.tag).toBe('Failed');
  },
  'threshold-alert': () => {
    const quietUntil = new Date(Number(mesh.now.microsSinceUnixEpoch / 1000n) + 20_000).toISOString();
    const id = begin('threshold-alert', { what: 'Load', value: 9, bound: 5, quietUntil });
    mesh.advance(19_000);
    expect(mesh.rows('approval')).toEqual([]);
    mesh.advance(2_000);
    answer({ note: 'a backup' });
    expect(outputOf(mesh, id)).toEqual({ value: 9, seen: { note: 'a backup' } });
    const low = begin('threshold-alert', { what: 'Load', value: 4, bound: 5 });
    expect(statesOf(mesh, low)).toEqual({ high: 'Done', end: 'Done' });
  },
};

it.each(names)('%s works as it is', (name) => {
  const test = tests[name];
  if (!test) throw new Error(`nothing shows that ${name} works`);
  test();
});
