import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Remembered } from '../limbs/memory/memory.ts';
import { openMemoryHere } from '../limbs/memory/open.ts';
import { startPostgres, type TestPostgres, whyNoPostgres } from '../limbs/testing/postgres.ts';
import { wordEmbedder } from '../limbs/testing/word-embedder.ts';
import { numberedDocument } from './support/numbered-document.ts';

const documentCount = 400;
const chunksEach = 3;
const built = fileURLToPath(new URL('../dist/test/remembering.js', import.meta.url));

let folder: string;
let postgres: TestPostgres | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helix-memory-crash-'));
  await build({
    entryPoints: [fileURLToPath(new URL('./support/remembering.ts', import.meta.url))],
    outfile: built,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  if (whyNoPostgres === '') postgres = await startPostgres();
});

afterAll(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts to remember and kills the process after so many documents; returns what it said of each. */
async function rememberAndKill(place: Place, told: number): Promise<string[]> {
  const child = spawn(process.execPath, [built, place.dataDir, place.url ?? '', `${documentCount}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === told) child.kill('SIGKILL');
  }
  await exited;
  return lines;
}

interface Place {
  readonly dataDir: string;
  readonly url?: string;
}

describe.each([
  { name: 'PGlite', why: '' },
  { name: 'PostgreSQL', why: whyNoPostgres },
])('a limb that is killed while it remembers, on $name', ({ name, why }) => {
  const title = 'has every document that it said it remembers, once, and goes on with the next one';
  test.skipIf(why !== '')(why === '' ? title : `${title}: ${why}`, { timeout: 120_000 }, async () => {
    const place =
      name === 'PGlite' ? { dataDir: join(folder, 'memory') } : { dataDir: '', url: postgres?.database() ?? '' };
    let acknowledged = 0;
    for (const more of [7, 23]) {
      const lines = await rememberAndKill(place, acknowledged + more);
      const outcomes = lines.map((line) => line.split(' ')[1]);
      expect(lines.map((line) => line.split(' ')[0])).toEqual(lines.map((_, i) => `${i}.md`));
      // What it had said before was there already; at most one more was durable before it could say so.
      const known = outcomes.filter((outcome) => outcome === 'unchanged').length;
      expect(known - acknowledged === 0 || known - acknowledged === 1).toBe(true);
      acknowledged = lines.length;
      expect(acknowledged).toBeLessThan(documentCount);
    }
    const embedder = wordEmbedder();
    const memory = await openMemoryHere(place, embedder);
    const again: Remembered[] = [];
    const documents = Array.from({ length: acknowledged }, (_, i) => numberedDocument(i));
    await memory.remember('1', documents, (document) => again.push(document));
    expect(again.map(({ outcome }) => outcome)).toEqual(Array(acknowledged).fill('unchanged'));
    expect(embedder.embeddedTexts).toEqual([]);
    const stats = await memory.stats('1');
    expect([acknowledged, acknowledged + 1]).toContain(stats.documentCount);
    expect(stats.chunkCount).toBe(chunksEach * stats.documentCount);
    await memory.close();
  });
});
