import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LimbProcess } from './limb-process.ts';

let root = '';
let limb: LimbProcess;
let told: string[] = [];
let waiting: (() => void)[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'helix-limb-process-'));
  mkdirSync(join(root, 'cli'));
  told = [];
  waiting = [];
});
afterEach(async () => {
  await limb.stop();
  rmSync(root, { recursive: true, force: true });
});

/** A limb that is this script instead. */
function limbOf(script: string, environment = async (): Promise<Record<string, string>> => ({})): LimbProcess {
  writeFileSync(join(root, 'cli/bin.js'), script);
  const tell = (line: string): void => {
    told.push(line);
    for (const check of waiting) check();
  };
  return new LimbProcess({ root, environment, tell });
}

function toldLine(pattern: RegExp, count = 1): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (told.filter((line) => pattern.test(line)).length >= count) resolve();
    };
    waiting.push(check);
    check();
  });
}

it('passes the environment and hands over each line without colours', async () => {
  const script = "console.log('\\u001b[31mcode ' + process.env.HELIX_PAIR_CODE); setInterval(() => {}, 1e6);";
  limb = limbOf(script, async () => ({ HELIX_PAIR_CODE: 'ABCD' }));
  await limb.start();
  await toldLine(/^code ABCD$/);
});

it('starts a limb that ended again, with a fresh environment', async () => {
  let starts = 0;
  limb = limbOf("console.log('run ' + process.env.RUN); process.exit(3);", async () => ({ RUN: String(++starts) }));
  await limb.start();
  await toldLine(/^run 2$/);
  expect(told).toContain('ended (3); it is started again in 1 s');
});

it('stops a limb and waits until it has ended in its own way', async () => {
  const done = `${JSON.stringify(join(tmpdir(), `helix-limb-process-${process.pid}`))}`;
  const onTerm = `process.on('SIGTERM', () => { fs.writeFileSync(${done}, 'done'); process.exit(); });`;
  limb = limbOf(`import fs from 'node:fs'; ${onTerm} console.log('up'); setInterval(() => {}, 1e6);`);
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  await limb.start();
  await toldLine(/^up$/);
  await limb.stop();
  const file = JSON.parse(done) as string;
  expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('done');
  rmSync(file);
  expect(told.filter((line) => line.startsWith('ended'))).toEqual([]);
});

it('a limb has a channel to its parent, whose end tells it that the parent is gone', async () => {
  limb = limbOf("process.on('disconnect', () => process.exit()); console.log('channel ' + process.connected);");
  await limb.start();
  await toldLine(/^channel true$/);
});
