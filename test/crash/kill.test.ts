import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Dice } from '../../engine/host/sim/dice.ts';
import { bundleModule } from '../../engine/index.ts';
import { tell } from '../support/figures.ts';
import { type HelixProcess, startNode } from '../support/process.ts';

// Real processes, files and sockets. HELIX_KILL_ROUNDS=… runs more.
const roundCount = Number(process.env['HELIX_KILL_ROUNDS'] ?? 100);
const laneCount = 3;
const clientCount = 4;
const folder = mkdtempSync(join(tmpdir(), 'helix-kill-'));
const bundleFile = join(folder, 'ledger.js');
const engine = new URL('../../dist/engine.js', import.meta.url);

// The engine as it is shipped, and nothing of the command around it: a start costs a fraction of that. Snapshots are under
// way most of the time, and what they make superfluous is trimmed.
const program = `
  import { readFileSync } from 'node:fs';
  import { openHost } from '${engine}';
  const [dataDirectory, bundleFile] = process.argv.slice(1);
  const onFailure = (error) => { throw error; };
  const host = await openHost({ dataDirectory, port: 0, logKeepDays: 0, snapshotAfterBytes: 10000, onFailure });
  if (!host.databases.find('ledger')) {
    const bundle = readFileSync(bundleFile, 'utf8');
    const request = { name: 'ledger', owner: host.operator.identity, bundle, clear: false, breakClients: true };
    await host.databases.publish(request);
  }
  console.log('listening on ' + host.url);
`;
const running = new Set<HelixProcess>();

afterAll(async () => {
  for (const hub of running) await hub.kill();
  rmSync(folder, { recursive: true });
});

describe('a hub that is killed again and again', () => {
  it('[CRASH3] has every call that it acknowledged, once and in order, after every start', async () => {
    const bundle = await bundleModule(fileURLToPath(new URL('../fixtures/modules/ledger.ts', import.meta.url)));
    writeFileSync(bundleFile, bundle);
    const lanes = Array.from({ length: laneCount }, (_, i) => new Lane(i));
    await Promise.all(lanes.map((lane) => lane.run(Math.ceil(roundCount / laneCount))));
    const rounds = lanes.reduce((sum, lane) => sum + lane.rounds, 0);
    const calls = lanes.reduce((sum, lane) => sum + lane.acknowledged.size, 0);
    const losses = lanes.flatMap((lane) => lane.losses);
    tell(`${rounds} rounds of kill -9: ${calls} calls acknowledged, losses: ${losses.length}`);
    expect(losses).toEqual([]);
    expect(rounds).toBeGreaterThanOrEqual(roundCount);
  }, 3_600_000);
});

/** One data folder and the processes that run on it after each other. */
class Lane {
  rounds = 0;
  readonly losses: string[] = [];
  readonly acknowledged = new Set<number>();
  readonly #data: string;
  readonly #dice: Dice;
  #lastCall = 0;

  constructor(lane: number) {
    this.#data = join(folder, `lane-${lane}`);
    this.#dice = new Dice(lane + 1);
  }

  async run(rounds: number): Promise<void> {
    while (this.rounds < rounds && this.losses.length === 0) {
      const { hub, url } = await this.#start();
      await this.#check(url);
      const calls = Array.from({ length: clientCount }, (_, i) => this.#callUntilDead(url, i));
      await new Promise((resolve) => setTimeout(resolve, this.#dice.below(this.#dice.pick([200, 200, 1500]))));
      await hub.kill();
      running.delete(hub);
      await Promise.all(calls);
      this.rounds += 1;
    }
    // The last start but one leaves a snapshot for the last.
    for (const isEnough of [() => this.#hasSnapshot(), () => true]) {
      const { hub, url } = await this.#start();
      await vi.waitUntil(isEnough, { timeout: 60_000 });
      await this.#check(url);
      await hub.kill();
      running.delete(hub);
    }
  }

  #hasSnapshot(): boolean {
    return readdirSync(this.#data, { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith('.snapshot'));
  }

  async #start(): Promise<{ hub: HelixProcess; url: string }> {
    const hub = startNode(['--input-type=module', '--eval', program, this.#data, bundleFile]);
    running.add(hub);
    const [, url = ''] = await hub.line(/listening on (http:\/\/\S+)/);
    return { hub, url };
  }

  /** Each client waits for one answer before it calls again; the remainder of a call's number says whose it is. */
  async #callUntilDead(url: string, client: number): Promise<void> {
    for (;;) {
      this.#lastCall += 1;
      const call = this.#lastCall * clientCount + client;
      try {
        const args = [call, call, client, 5, 'x'.repeat(call % 50)];
        const answer = await this.#post(`${url}/v1/database/ledger/call/open`, JSON.stringify(args));
        if (!answer.ok) throw new Error(await answer.text());
        this.acknowledged.add(call);
      } catch (error) {
        // What a killed process did not answer says nothing.
        if (!(error instanceof TypeError)) this.losses.push(`a call was refused: ${String(error)}`);
        return;
      }
    }
  }

  async #check(url: string): Promise<void> {
    const answer = await this.#post(`${url}/v1/database/ledger/sql`, 'SELECT * FROM journal; SELECT * FROM account');
    const [journal, accounts] = (await answer.json()) as [{ rows: [number, number][] }, { rows: unknown[] }];
    const calls = journal.rows.sort(([a], [b]) => a - b).map(([, call]) => call);
    const kept = new Set(calls);
    if (kept.size !== calls.length) this.losses.push('a call is there twice');
    if (accounts.rows.length !== calls.length)
      this.losses.push(`${accounts.rows.length} accounts, ${calls.length} calls`);
    const lost = [...this.acknowledged].filter((call) => !kept.has(call));
    if (lost.length > 0) this.losses.push(`acknowledged, but lost: ${lost.join()}`);
    for (let client = 0; client < clientCount; client++) {
      const own = calls.filter((call) => call % clientCount === client);
      if (own.some((call, i) => call < (own[i - 1] ?? 0)))
        this.losses.push(`the calls of client ${client} changed places`);
    }
  }

  #post(url: string, body: string): Promise<Response> {
    const token = readFileSync(join(this.#data, 'operator.token'), 'utf8').trim();
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': body.startsWith('[') ? 'application/json' : 'text/plain',
    };
    return fetch(url, { method: 'POST', body, headers });
  }
}
