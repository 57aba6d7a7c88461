import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeshHub, startMeshHub } from './testing/mesh-hub.fixture.ts';

let hub: MeshHub;
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helix-rules-'));
  hub = await startMeshHub();
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const rule = (least: number) => `name: large orders
on: order.paid
when:
  payload.total: { gte: ${least} }
then:
  notify: { title: 'An order of {{event.payload.total}}', level: warning }
`;

describe('helix rules', { timeout: 90_000 }, () => {
  it('shows mistakes under the line that they are in', async () => {
    const path = file('wrong.yaml', rule(100).replace('when', 'whne'));
    const { code, stderr } = await hub.helix('rules', 'check', path);
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      `${path}:3:1 a rule has no key whne; did you mean when?`,
      '  3 | whne:',
      '      ^',
      'helix: The rule has a mistake',
      '',
    ]);
    expect((await hub.helix('rules', 'save', path)).stderr).toContain('did you mean when?');
    expect(JSON.parse((await hub.helix('rules', 'check', path, '--json')).stdout)).toMatchObject([
      { line: 3, column: 1, hint: 'did you mean when?' },
    ]);
    expect(await hub.told('rules', 'list')).toMatch(/^There is no rule/);
  });

  it('rehearses a text, saves and activates it, and says why it fired and why not', async () => {
    for (const total of [50, 120, 250]) {
      await hub.told('events', 'emit', 'order.paid', '--payload', JSON.stringify({ total }));
    }
    const path = file('rule.yaml', rule(100));
    expect(await hub.told('rules', 'check', path)).toBe('large orders can be saved.');
    expect(await hub.told('rules', 'test', path)).toMatch(
      /3 events, from .* UTC: 2 match, and it would have fired 2 times\./,
    );
    expect((await hub.helix('notifications')).stderr).toMatch(/There is no notification/);

    expect(await hub.told('rules', 'save', path, '--activate')).toBe(
      'large orders is rule 1, and this is its version 1.\nlarge orders takes every event from now on, by its version 1.',
    );
    await hub.told('events', 'emit', 'order.paid', '--payload', '{"total": 99}');
    await hub.told('events', 'emit', 'order.paid', '--payload', '{"total": 300}');
    expect(await hub.told('notifications')).toMatch(/warning {3}An order of 300/);
    const list = await hub.told('rules', 'list');
    expect(list).toMatch(/1 +large orders +version 1 +1 +1 +\d{4}-/);

    const not = await hub.told('rules', 'why', '4');
    expect(not).toMatch(/^large orders \(version 1\) did not fire: /);
    expect(not).toMatch(/payload\.total.*line 4, column \d+/);
    expect(not).toContain('payload.total is 99');
    expect(await hub.told('rules', 'why', '5', 'large orders')).toMatch(
      /^large orders \(version 1\) fired\n {2}firing 1 at .* UTC by version 1, completed by event 5: notification 1$/,
    );
    expect((await hub.helix('rules', 'why', '99')).stderr).toMatch(/no-such-event: there is no event 99/);
  });

  it('keeps versions, and lets go of a rule', async () => {
    await hub.told('rules', 'save', file('rule.yaml', rule(500)));
    expect(JSON.parse(await hub.told('rules', 'list', '--json'))).toMatchObject([{ version: 2, activeVersion: 1 }]);
    expect(await hub.told('rules', 'show', 'large orders', '1')).toBe(rule(100).trim());
    expect(await hub.told('rules', 'activate', '1')).toMatch(/by its version 2\.$/);
    await hub.told('rules', 'deactivate', '1');
    expect((await hub.helix('rules', 'delete', '1')).stderr).toMatch(/Delete the rule large orders .*Add --yes/);
    await hub.told('rules', 'delete', '1', '--yes');
    expect(await hub.told('rules', 'list')).toMatch(/^There is no rule/);
  });

  it('prints the schema', async () => {
    expect(JSON.parse(await hub.told('rules', 'schema'))).toMatchObject({ title: 'A rule of Helix', type: 'object' });
  });
});
