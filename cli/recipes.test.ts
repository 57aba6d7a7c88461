import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeshHub, startMeshHub } from './testing/mesh-hub.fixture.ts';

let hub: MeshHub;
let folder: string;
beforeAll(async () => {
  hub = await startMeshHub();
  folder = mkdtempSync(join(tmpdir(), 'helix-recipes-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await hub.close();
});

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const text = `name: payment
inputs: { amount: number }
steps:
  - id: sure
    approve: "Pay {{inputs.amount}}?"
    inputs: { account: text }
  - id: end
    output: { paid: "{{inputs.amount}}", from: "{{steps.sure.inputs.account}}" }
`;

describe('helix recipes', () => {
  it('writes one that comes with Helix into a new file, without a hub', async () => {
    expect(await hub.told('recipes', 'library')).toMatch(/^digest +What a feed brought in the last day/m);
    const path = join(folder, 'digest.yaml');
    expect(await hub.told('recipes', 'new', path, '--from', 'digest')).toContain(`helix recipes save ${path}`);
    expect(await hub.told('recipes', 'check', path)).toMatch(/digest has \d+ steps, and nothing is wrong with it/);
    expect((await hub.helix('recipes', 'new', path, '--from', 'digest')).stderr).toContain('is there already');
    const unknown = await hub.helix('recipes', 'new', join(folder, 'x.yaml'), '--from', 'digset');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('No recipe digset comes with Helix') });
  });

  it('shows what is wrong with a file under its line, without a hub', async () => {
    const path = file('bad.yaml', 'name: a\nsteps:\n  - { id: b, output: "{{steps.c.text}}" }\n');
    const { code, stderr } = await hub.helix('recipes', 'check', path);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`${path}:3:25\n    - { id: b, output: "{{steps.c.text}}" }`),
    ]);
    expect(stderr).toMatch(/\n {26}\^ there is no step c/);
    const plain = await hub.helix('recipes', 'check', path, '--json');
    expect([plain.code, JSON.parse(plain.stdout)]).toEqual([1, [expect.objectContaining({ line: 3, column: 25 })]]);
  });

  it('saves versions, compares them, and runs the newest', async () => {
    const path = file('payment.yaml', text);
    expect(await hub.told('recipes', 'check', path)).toMatch(/payment has 2 steps, and nothing is wrong with it/);
    expect(await hub.told('recipes', 'save', path)).toBe('payment is saved as version 1.');
    expect((await hub.helix('recipes', 'diff', 'payment')).stderr).toContain('Version 1 of payment is its first');
    file('payment.yaml', text.replace('Pay', 'Shall we pay'));
    expect(await hub.told('recipes', 'save', path)).toBe('payment is saved as version 2.');
    const diff = await hub.told('recipes', 'diff', 'payment');
    expect(diff).toContain('-    approve: "Pay {{inputs.amount}}?"\n+    approve: "Shall we pay {{inputs.amount}}?"');
    expect(await hub.told('recipes', 'show', 'payment', '--at', '1')).toBe(text.trim());
    expect(await hub.told('recipes', 'list')).toMatch(/payment +2 /);
    expect((await hub.helix('recipes', 'run', 'payment')).stderr).toMatch(/the payload lacks amount/);
  });

  it('waits for a run, whose question is answered from another terminal', async () => {
    const waiting = hub.start('recipes', 'run', 'payment', '--input', '{"amount": 5}', '--wait');
    const question = await waiting.line(/waits for approval/);
    expect(question).toMatch(
      /^\? sure waits for approval (\d+): Shall we pay 5\? \(helix approvals approve \1 --input '\{…\}', or reject \1\)$/,
    );
    const [approval] = JSON.parse(await hub.told('approvals', 'list', '--json')) as { id: string; prompt: string }[];
    expect(approval?.prompt).toBe('Shall we pay 5?');
    const [run] = JSON.parse(await hub.told('runs', 'list', '--json')) as { id: string }[];
    expect(await hub.told('runs', 'show', run?.id ?? '')).toContain(question);
    await hub.told('approvals', 'approve', approval?.id ?? '', '--input', '{"account": "savings"}');
    const { code, stdout } = await waiting.ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/✓ sure[\s\S]*✓ end[\s\S]*"from": "savings"/)]);
    expect(await hub.told('approvals', 'list')).toBe('Nothing waits for an approval.');
  });

  it('pauses, resumes, cancels and retries runs', async () => {
    const { run } = JSON.parse(await hub.told('recipes', 'run', 'payment', '--input', '{"amount": 6}', '--json'));
    expect(await hub.told('runs', 'pause', run)).toBe(`Run ${run} is paused.`);
    expect(await hub.told('runs', 'resume', run)).toBe(`Run ${run} is resumed.`);
    expect(await hub.told('runs', 'cancel', run)).toBe(`Run ${run} is cancelled.`);
    expect(await hub.told('runs', 'show', run)).toMatch(/cancelled\n {2}⊘ sure/);
    expect(await hub.told('runs', 'retry', run, '--from', 'sure')).toBe(`Run ${run} goes on from sure.`);
    expect(await hub.told('runs', 'list')).toMatch(/running/);
    expect((await hub.helix('runs', 'retry', run, '--from', 'nothing')).stderr).toMatch(/has no step nothing/);
  });

  it('deletes one with its versions when told yes, and keeps its runs', async () => {
    await hub.told('recipes', 'save', file('spare.yaml', text.replace('name: payment', 'name: spare')));
    const asked = await hub.helix('recipes', 'delete', 'spare');
    expect(asked).toMatchObject({ code: 1, stderr: 'helix: Delete spare with its version? Add --yes to say yes\n' });
    expect(await hub.told('recipes', 'delete', 'spare', '--yes')).toBe('spare is deleted; its runs are kept.');
    expect((await hub.helix('recipes', 'delete', 'spare', '--yes')).stderr).toContain('There is no recipe spare');
  });

  it('prints the schema', async () => {
    expect(JSON.parse(await hub.told('recipes', 'schema'))).toMatchObject({ $id: 'urn:helix:schema:recipe' });
  });
});
