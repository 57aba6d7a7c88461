import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { chatModule, createWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
let dev: HelixProcess;
let url = '';
const start = (...more: string[]) => {
  const module = join(shop.folder, 'chat.ts');
  const out = join(shop.folder, 'bindings');
  const args = ['dev', '--module', module, '--name', 'chat', '--out', out, ...more];
  return startHelix(args, shop.env);
};
const opening = "export const init = db.init(() => console.log('the chat is open'));";
const texts = async (): Promise<unknown> =>
  JSON.parse((await shop.helix('sql', '--json', 'SELECT text FROM message')).stdout);

beforeAll(async () => {
  shop = createWorkshop();
  shop.write('greeting.ts', "export const greeting = 'hi';\n");
  shop.write('chat.ts', chatModule({ more: opening }));
  dev = start('--listen', '127.0.0.1:0');
  [, url = ''] = await dev.line(/served at (http:\/\/\S+)/);
  await dev.line(/created chat, \d+ files of bindings changed \(\d+ ms\)/);
});
afterAll(async () => {
  await dev.stop();
  shop.remove();
});

describe('helix dev', () => {
  it('serves the module and writes its client', async () => {
    expect((await shop.helix('call', 'send', 'first')).code).toBe(0);
    await dev.line(/send: sent first/);
    await dev.line(/init: the chat is open/);
    expect(readFileSync(join(shop.folder, 'bindings/index.ts'), 'utf8')).toContain('send');
  });

  it('publishes a change, also of an imported file, with the rows kept', async () => {
    const greet =
      "import { greeting } from './greeting.ts';\nexport const greet = db.procedure({}, t.string(), () => greeting);";
    shop.write('chat.ts', chatModule({ more: greet }));
    await dev.line(/updated chat, .*add procedure greet, \d+ files of bindings changed/);
    expect((await shop.helix('call', 'greet')).stdout).toBe('"hi"\n');
    expect(existsSync(join(shop.folder, 'bindings/greet_procedure.ts'))).toBe(true);

    shop.write('greeting.ts', "export const greeting = 'good day';\n");
    await dev.line(/updated chat \(\d+ ms\)/);
    expect((await shop.helix('call', 'greet')).stdout).toBe('"good day"\n');
    expect(await texts()).toEqual([{ text: 'first' }]);
  });

  it('shows what is wrong and goes on with the old code until it is right again', async () => {
    shop.write('chat.ts', chatModule({ more: 'export const other = (' }));
    await dev.line(/could not be bundled/);
    await dev.line(/^chat\.ts:\d+:\d+: /);
    expect((await shop.helix('call', 'send', 'second')).code).toBe(0);

    shop.write('chat.ts', chatModule({ columns: 'topic: t.u64(),' }));
    await dev.line(/rows cannot be kept, the old code goes on/);
    shop.write('chat.ts', chatModule());
    await dev.line(/ends the connections of clients.*the procedure greet is removed.*--break-clients/);
    expect((await shop.helix('call', 'greet')).code).toBe(0);

    shop.write('chat.ts', chatModule({ more: 'export const greet = db.procedure({}, t.string(), () => "again");' }));
    await dev.line(/updated chat \(\d+ ms\)/);
    expect(await texts()).toEqual([{ text: 'first' }, { text: 'second' }]);
  });

  it('takes an imported file as soon as it is there, and as soon as it is right, also in a new folder', async () => {
    const more =
      "import { polite } from './words/polite.ts';\nexport const greet = db.procedure({}, t.string(), () => polite);";
    shop.write('chat.ts', chatModule({ more }));
    await dev.line(/Could not resolve ".\/words\/polite.ts"/);
    mkdirSync(join(shop.folder, 'words'));
    shop.write('words/polite.ts', 'export const polite = (');
    await dev.line(/^words\/polite\.ts:1:\d+: /);
    shop.write('words/polite.ts', "export const polite = 'good evening';\n");
    const greeting = async () => expect((await shop.helix('call', 'greet')).stdout).toBe('"good evening"\n');
    await vi.waitFor(greeting, { timeout: 20_000 });
  });

  it('publishes to a running server instead, and may break its clients', async () => {
    const other = start('--server', url, '--break-clients');
    await other.line(new RegExp(`served at ${url}$`));
    await other.line(/updated chat/);
    shop.write('chat.ts', chatModule());
    await other.line(/clients left: the procedure greet is removed/);
    expect(await other.stop()).toBe(0);
  });

  it('keeps the rows after a restart, and lets nobody else serve them', async () => {
    const second = start('--listen', '127.0.0.1:0');
    await second.exited;
    expect(second.child.exitCode).toBe(1);
    expect(second.output()).toMatch(/Another process serves .*--data/);

    expect(await dev.stop()).toBe(0);
    // What a hub left here that was killed does not stand in the way.
    shop.write('.helix/hub.json', '{"url":"http://127.0.0.1:9","database":"helix"}');
    dev = start('--listen', '127.0.0.1:0');
    await dev.line(/updated chat/);
    expect(await texts()).toEqual([{ text: 'first' }, { text: 'second' }]);
  });
});
