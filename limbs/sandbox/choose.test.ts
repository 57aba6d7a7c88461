import { expect, it } from 'vitest';
import { chooseEngine, sandboxLevelFromEnvironment } from './choose.ts';
import type { Probe, SandboxEngine, SandboxLevel } from './engine.ts';

const holding: Probe = { present: true, detail: 'it holds' };
const notFound: Probe = { present: false, reason: 'not found', install: 'Install it.' };

function engine(name: 'bubblewrap' | 'pyodide', level: SandboxLevel, probe: Probe): SandboxEngine & { probes: number } {
  return {
    name,
    level,
    probes: 0,
    async probe() {
      this.probes += 1;
      return probe;
    },
    run: () => Promise.reject(new Error('not asked to run')),
    close: async () => {},
  };
}

it('takes the strongest engine that is present, and does not try weaker ones', async () => {
  const [jail, wasm] = [engine('bubblewrap', 'jail', holding), engine('pyodide', 'wasm', holding)];
  expect(await chooseEngine('wasm', [jail, wasm])).toEqual({ engine: jail, detail: 'it holds', passedOver: [] });
  expect(wasm.probes).toBe(0);
});

it('takes the next one when the strongest is absent, and says why', async () => {
  const [jail, wasm] = [engine('bubblewrap', 'jail', notFound), engine('pyodide', 'wasm', holding)];
  const choice = await chooseEngine('wasm', [jail, wasm]);
  expect(choice.engine).toBe(wasm);
  expect(choice.passedOver).toEqual(['bubblewrap: not found. Install it.']);
});

it('refuses what is weaker than asked for, without trying it', async () => {
  const [jail, wasm] = [engine('bubblewrap', 'jail', notFound), engine('pyodide', 'wasm', holding)];
  const refused = chooseEngine('jail', [jail, wasm]);
  await expect(refused).rejects.toMatchObject({ code: 'sandbox-too-weak' });
  await expect(refused).rejects.toThrow(
    /bubblewrap: not found.*pyodide: its level is wasm, and HELIX_SANDBOX_MIN asks for jail/s,
  );
  expect(wasm.probes).toBe(0);
});

it('refuses with a reason for each engine when none is present', async () => {
  const refused = chooseEngine('wasm', [engine('bubblewrap', 'jail', notFound), engine('pyodide', 'wasm', notFound)]);
  await expect(refused).rejects.toMatchObject({ code: 'sandbox-absent' });
  await expect(refused).rejects.toThrow(/bubblewrap: not found. Install it.\n {2}pyodide: not found. Install it./);
});

it('reads the weakest allowed level from HELIX_SANDBOX_MIN', () => {
  expect(sandboxLevelFromEnvironment({})).toBe('wasm');
  expect(sandboxLevelFromEnvironment({ HELIX_SANDBOX_MIN: 'jail' })).toBe('jail');
  expect(() => sandboxLevelFromEnvironment({ HELIX_SANDBOX_MIN: 'vm' })).toThrow(
    'HELIX_SANDBOX_MIN is "vm": set it to one of container, container-process-limits, jail, wasm.',
  );
});
