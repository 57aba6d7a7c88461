import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Example } from './example.ts';

let example: Example;
beforeAll(() => {
  example = new Example('sensor-watch');
}, 120_000);
afterAll(() => example.remove());

describe('sensor-watch', () => {
  it('reacts to what sensors report, as its README says', async () => {
    await example.expectCurrentBindings('bindings');
    const backend = example.start('npm run dev', '--listen 127.0.0.1:0');
    const [, url = ''] = await backend.says(/served at (http:\/\/\S+)/);
    await backend.says(/created sensors/);
    const script = example.start('npm run watch', '', { SERVER: url });
    await script.says(/watching/);
    example.run('npx helix call report attic 35.5');
    await script.says(/attic is too hot: 35.5 °C/);
    example.run('npx helix call report attic 21');
    await script.says(/attic is fine again/);
    expect(example.run('npx helix sql "SELECT * FROM reading"')).toMatch(/attic +35\.5 [\s\S]*\(2 rows\)/);
    expect(example.run('npm test')).toMatch(/2 passed/);
    expect(example.notFollowed).toEqual([]);
  }, 60_000);
});
