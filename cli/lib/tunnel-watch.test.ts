import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { TunnelFolder } from '../../infra/tunnel/index.ts';
import { watchTunnels } from './tunnel-watch.ts';

it('a tunnel whose definition is damaged is told once and keeps no limb from its work', async () => {
  const path = mkdtempSync(join(tmpdir(), 'helix-tunnels-'));
  mkdirSync(join(path, 'home'));
  writeFileSync(join(path, 'home', 'definition.json'), '{');
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
    rmSync(path, { recursive: true });
  });
  const folder = new TunnelFolder(path);
  const list = vi.spyOn(folder, 'list');
  const failures: unknown[] = [];
  const watch = await watchTunnels(folder, (error) => failures.push(error));
  expect(watch.tunnels()).toEqual([]);
  for (let looks = 2; looks <= 3; looks++) {
    await vi.advanceTimersByTimeAsync(2000);
    expect(list).toHaveBeenCalledTimes(looks);
    await Promise.allSettled(list.mock.results.map(({ value }) => value as Promise<unknown>));
  }
  expect(failures).toEqual([expect.objectContaining({ code: 'tunnel-damaged' })]);
  watch.stop();
});
