import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { messageOf } from '../../../limbs/errors.ts';
import { PythonTool } from '../../../limbs/mcp/index.ts';
import { namedHost } from '../../../limbs/reach/host.ts';
import { Readers } from '../../../limbs/reach/readers.ts';
import { checkUrlSkill } from '../../../limbs/skills/check-url.ts';
import { listFilesSkill } from '../../../limbs/skills/list-files.ts';
import { readFeedSkill } from '../../../limbs/skills/read-feed.ts';
import { runPythonSkill } from '../../../limbs/skills/run-python.ts';
import type { Skill } from '../../../limbs/skills/skill.ts';
import { summariseSkill } from '../../../limbs/skills/summarise.ts';
import { testContext } from '../../../limbs/testing/context.ts';
import { always } from '../../../limbs/testing/models.ts';
import { allowing, startWebServer, unnoted, type WebServer } from '../../../limbs/testing/web-server.ts';
import { joinLimb, localTenant, type Mesh, type MeshClient, startMesh, submit } from '../mesh.ts';
import { outputOf, runOf, statesOf } from './kitchen.ts';

// Each ready recipe is started by the event of the rule in its comment, and its tasks are done by the skills of a limb.

const library = fileURLToPath(new URL('../../../hub/recipes/library/', import.meta.url));
const python = new PythonTool();

let folder: string;
let server: WebServer;
let isIll = false;
let mesh: Mesh;
let limb: MeshClient;
let skills: readonly Skill[];

beforeAll(async () => {
  server = await startWebServer(({ url }, response) => {
    if (url === '/feed') return response.end(feed);
    return response.writeHead(isIll ? 503 : 200).end('all is ok');
  });
});

afterAll(async () => {
  await python.close();
  await server.close();
});

beforeEach(async () => {
  isIll = false;
  folder = await mkdtemp(join(tmpdir(), 'helix-library-'));
  const inbox = join(folder, 'inbox');
  await mkdir(inbox);
  const permissions = allowing([namedHost(server.host)], { folders: { inbox } });
  const later = () => Date.now() + 60_000;
  skills = [
    summariseSkill(always(undefined), { permissions, note: unnoted }),
    checkUrlSkill({ permissions, note: unnoted }),
    readFeedSkill({ permissions, note: unnoted }),
    listFilesSkill(permissions, new Readers(join(folder, 'readers.json')), later),
    runPythonSkill(python),
  ];
  mesh = await startMesh();
  limb = joinLimb(mesh, 'worker', { capacity: 8, skills: skills.map(({ name }) => name) });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const feed = `<rss version="2.0"><channel><title>The news</title>
  <item><title>Leases last longer</title><link>/1</link><pubDate>${new Date().toUTCString()}</pubDate>
  <description>A lease now lasts for two minutes. Limbs keep their work when the network is slow.</description></item>
  <item><title>Old</title><link>/0</link><pubDate>Mon, 01 Jan 2001 00:00:00 GMT</pubDate></item></channel></rss>`;

/** Saves a recipe and the rule of its comment, which takes events from then on. */
async function install(name: string): Promise<void> {
  const text = await readFile(join(library, `${name}.yaml`), 'utf8');
  mesh.call(mesh.owner, 'saveRecipe', { tenantId: localTenant, text, notation: { tag: 'Yaml' } });
  for (const rule of rulesIn(text)) mesh.call(mesh.owner, 'saveRule', { tenantId: localTenant, text: rule });
  for (const rule of mesh.rows('rule')) mesh.call(mesh.owner, 'activateRule', { ruleId: rule.id, version: 0 });
}

function rulesIn(text: string): string[] {
  return [...text.matchAll(/^# rule:\n((?:# {3}.*\n)+)/gm)].map(([, lines = '']) => lines.replaceAll(/^# {3}/gm, ''));
}

function emit(kind: string, payload: unknown): void {
  const event = { kind, source: 'test', subject: '', payload: JSON.stringify(payload), dedupeKey: '', dedupeMs: 0 };
  mesh.call(mesh.owner, 'emit', { tenantId: localTenant, ...event });
}

/** The one run that there is. */
function theRun(): bigint {
  const runs = mesh.rows('run');
  expect(runs).toHaveLength(1);
  return runs[0]?.id ?? 0n;
}

function lastRun(): bigint {
  const ids = mesh.rows('run').map(({ id }) => id);
  return ids.sort((a, b) => Number(a - b)).at(-1) ?? 0n;
}

/** What a run came to that must have ended well. */
function output(run = theRun()): unknown {
  expect(runOf(mesh, run)).toMatchObject({ error: '', state: { tag: 'Done' } });
  return outputOf(mesh, run);
}

/** The limb does all that it is offered, until nothing is left. @returns the titles in the order of the work */
async function work(): Promise<string[]> {
  const titles: string[] = [];
  for (;;) {
    const offers = mesh.rows('offer').filter((offer) => offer.limb.isEqual(limb.identity));
    if (offers.length === 0) return titles;
    for (const { taskId } of offers.sort((a, b) => (a.taskId < b.taskId ? -1 : 1))) {
      limb.call('claimTask', { taskId });
      const { attempt } = mesh.rows('lease').find((lease) => lease.taskId === taskId) ?? { attempt: 0 };
      const task = mesh.rows('task').find(({ id }) => id === taskId);
      const input = JSON.parse(mesh.rows('taskInput').find((row) => row.taskId === taskId)?.input ?? '{}');
      titles.push(task?.title ?? '');
      try {
        const summary = await skills.find(({ name }) => name === task?.skill)?.run(input, testContext());
        if (!summary) throw new Error(`there is no skill ${task?.skill}`);
        limb.call('completeTask', { taskId, attempt, summary });
      } catch (error) {
        limb.call('failTask', { taskId, attempt, error: messageOf(error), isRetryable: false });
      }
    }
  }
}

function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    mesh.advance(1000);
    limb.call('pong');
  }
}

function answer(inputs: unknown = {}, isApproved = true): void {
  const open = mesh.rows('approval').find(({ state }) => state.tag === 'Open');
  const args = { isApproved, note: 'seen', inputs: JSON.stringify(inputs) };
  mesh.call(mesh.owner, 'decideApproval', { approvalId: open?.id ?? 0n, ...args });
}

const doc = (about: string) =>
  `# ${about}\n\nThis text speaks of ${about} in whole sentences. It has no more to say.\n`;

it('there are ten, and each has its test here', async () => {
  const names = (await readdir(library)).map((file) => file.replace('.yaml', '')).sort();
  const own = await readFile(fileURLToPath(import.meta.url), 'utf8');
  expect(names).toHaveLength(10);
  expect(names.filter((name) => !own.includes(`install('${name}')`))).toEqual([]);
});

it('watch-folder summarises each new file once', async () => {
  await install('watch-folder');
  await writeFile(join(folder, 'inbox/leases.md'), doc('leases'));
  await writeFile(join(folder, 'inbox/picture.bin'), Buffer.from([0, 1]));
  emit('inbox.due', { folder: 'inbox' });
  await work();
  const first = theRun();
  expect(output(first)).toMatchObject([
    { path: 'leases.md', summary: expect.stringContaining('This text speaks of leases'), error: '' },
    { path: 'picture.bin', summary: null, error: expect.stringContaining('no text') },
  ]);
  await writeFile(join(folder, 'inbox/budgets.md'), doc('budgets'));
  emit('inbox.due', { folder: 'inbox' });
  await work();
  expect(output(lastRun())).toMatchObject([{ path: 'budgets.md' }]);
});

it('digest tells what a feed brought in the last day', async () => {
  await install('digest');
  emit('digest.due', { feed: `${server.url}/feed` });
  await work();
  expect(output()).toMatchObject({
    digest: expect.stringContaining('two minutes'),
    items: [{ title: 'Leases last longer', url: `${server.url}/1` }],
  });
});

it('failed-job-triage waits for the second failure, and asks a person where it will not pass', async () => {
  await install('failed-job-triage');
  const log = 'The compiler stopped at the first error. There is no function called settle in the module store.';
  emit('job.failed', { job: 'build', log });
  emit('job.failed', { job: 'other', log });
  expect(mesh.rows('run')).toEqual([]);
  emit('job.failed', { job: 'build', log });
  await work();
  expect(mesh.rows('approval')).toMatchObject([{ prompt: expect.stringMatching(/^build failed: .*no function/) }]);
  answer({ action: 'take the change back' });
  expect(output()).toMatchObject({
    job: 'build',
    triage: { kind: 'lasting', action: 'take the change back' },
  });
});

it('failed-job-triage says which failure passes by itself', async () => {
  await install('failed-job-triage');
  for (const log of ['first', 'The request to the registry timed out after ten seconds.']) {
    emit('job.failed', { job: 'build', log });
  }
  await work();
  expect(output()).toMatchObject({ triage: { kind: 'passing', action: 'run it again' } });
});

it('failed-job-triage takes up the failures of own tasks as well, but not for ever those of its own', async () => {
  await install('failed-job-triage');
  for (const title of ['first', 'second']) submit(mesh, { skill: 'check_url', title, input: '{"url":"nowhere"}' });
  await work();
  const failures = mesh.rows('event').filter(({ kind }) => kind === 'task.failed');
  expect(failures.map(({ subject, source, depth }) => [subject, source, depth])).toEqual(
    Array.from({ length: 2 }, () => ['check_url', 'helix', 0]),
  );
  expect(JSON.parse(failures[1]?.payload ?? '')).toMatchObject({
    title: 'second',
    state: 'failed',
    skill: 'check_url',
  });
  expect(mesh.rows('approval')).toMatchObject([{ prompt: expect.stringMatching(/^second failed: .*/s) }]);
});

it('webhook-to-summary makes short what a webhook brings', async () => {
  await install('webhook-to-summary');
  emit('hook.inbox', { title: 'Order', text: 'A customer has ordered four lamps and wants them by Friday.' });
  await work();
  expect(output()).toMatchObject({ from: 'test', summary: expect.stringContaining('four lamps') });
});

it('threshold-alert tells once that a bound was passed, and at night in the morning', async () => {
  await install('threshold-alert');
  mesh.call(mesh.owner, 'setTimeZone', { tenantId: localTenant, timeZone: 'Asia/Tokyo' });
  const hour = () => (mesh.now.toDate().getUTCHours() + 9) % 24;
  const atNight = () => hour() >= 22 || hour() < 7;
  while (!atNight()) mesh.advance(3_600_000);
  emit('disk.used', { percent: 93 });
  emit('disk.used', { percent: 95 });
  expect(mesh.rows('approval')).toEqual([]);
  emit('day.begins', {});
  expect(mesh.rows('approval')).toMatchObject([{ prompt: 'The disk is full to 93 %. Has somebody seen it?' }]);
  answer();
  const first = theRun();
  expect(output(first)).toMatchObject({ note: 'seen' });
  while (atNight()) mesh.advance(3_600_000);
  emit('disk.used', { percent: 70 });
  emit('disk.used', { percent: 91 });
  expect(mesh.rows('run')).toHaveLength(2);
  expect(statesOf(mesh, lastRun())).toMatchObject({ quiet: 'Done', tell: 'Running' });
});

it('map-reduce-documents makes one summary of many documents, without those that cannot be read', async () => {
  await install('map-reduce-documents');
  for (const about of ['leases', 'budgets', 'limbs']) await writeFile(join(folder, `inbox/${about}.md`), doc(about));
  await writeFile(join(folder, 'inbox/broken.md'), Buffer.from([0, 1]));
  emit('folder.complete', { folder: 'inbox' });
  await work();
  const { summary, documents, summaries } = output() as Record<'documents' | 'summaries', unknown[]> & {
    summary: string;
  };
  expect(summary).toMatch(/leases|budgets|limbs/);
  expect(documents).toHaveLength(4);
  expect(summaries.filter((each) => each === null)).toHaveLength(1);
});

it('check-site believes an ill address at the third look, and asks somebody', async () => {
  await install('check-site');
  emit('site.due', { url: `${server.url}/health`, contains: 'ok' });
  await work();
  expect(output()).toEqual({ isWell: true });

  isIll = true;
  emit('site.due', { url: `${server.url}/health` });
  for (let look = 1; look <= 3; look++) {
    expect(mesh.rows('approval')).toEqual([]);
    await work();
    pass(31);
  }
  const last = lastRun();
  expect(mesh.rows('approval')).toMatchObject([
    { prompt: expect.stringContaining('answered 503, expected 200 to 299') },
  ]);
  answer();
  expect(statesOf(mesh, last)).toMatchObject({ look: 'Done', end: 'Done' });
  expect(output(last)).toMatchObject({ isWell: false, round: 3 });
});

it('python-report keeps what a program prints in the sandbox', async () => {
  await install('python-report');
  emit('report.due', {});
  await work();
  expect(output()).toMatch(/^Report of 20\d\d-/);
});

it('approval-before-action does nothing before an owner has said yes, nor when only a look is wanted', async () => {
  await install('approval-before-action');
  for (const dryRun of [true, false]) {
    emit('disk.full', {});
    expect(await work()).toEqual([]);
    answer({ dryRun });
    await work();
    expect(output(lastRun())).toMatchObject(
      dryRun ? { did: 'skipped', said: null } : { did: 'done', said: 'cleaned', by: 'local owner' },
    );
  }
});

it('retry-with-compensation takes back what was done, the last first, when a step fails for good', async () => {
  await install('retry-with-compensation');
  emit('booking.wanted', {});
  await work();
  const done = mesh.rows('task').sort((a, b) => Number(a.id - b.id));
  const codes = done.map(({ id }) => mesh.rows('taskInput').find(({ taskId }) => taskId === id)?.input ?? '');
  expect(codes.map((input) => /(reserved|released|paid|refunded|gone)/.exec(input)?.[0])).toEqual([
    ...['reserved', 'paid', 'gone', 'gone', 'gone'],
    ...['refunded', 'released'],
  ]);
  expect(runOf(mesh, theRun())).toMatchObject({
    state: { tag: 'Failed' },
    error: expect.stringContaining('step confirm'),
  });
});
