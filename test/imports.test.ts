import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// Arrows go one way: what each folder may import of the others.
const root = fileURLToPath(new URL('..', import.meta.url));

const folders: Record<string, readonly string[]> = {
  hub: [],
  engine: [],
  bindings: [],
  limbs: ['bindings'],
  web: ['bindings'],
  infra: [],
  cli: ['hub', 'engine', 'limbs', 'bindings', 'web', 'infra'],
};

/** Inside the engine a commit flows down this list, and each folder imports only from those above it. */
const engineOrder = ['host', 'bsatn', 'store', 'log', 'module', 'query', 'serve', 'codegen', 'testing'];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.svelte'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !file.endsWith('.test.ts') && !file.includes('.fixture.'))
  // Helpers of a folder's own tests may import anything, as its tests do; engine/testing is a part of the engine.
  .filter((file) => !file.includes('/testing/') || file.startsWith('engine/testing/'));

describe('imports', () => {
  it.each(Object.keys(folders))('%s imports only what it may', (folder) => {
    const allowed = [folder, ...(folders[folder] ?? [])];
    const upstream = importsOf(folder).filter(({ target }) => {
      const top = target.split('/')[0] ?? '';
      return top in folders && !allowed.includes(top);
    });
    expect(upstream).toEqual([]);
  });

  it('the folders of the engine import only from the ones above them', () => {
    const upstream = importsOf('engine').filter(({ file, target }) => {
      // The testing kit stands on the whole machine.
      if (file.startsWith('engine/testing/')) return false;
      const from = engineOrder.indexOf(file.split('/')[1] ?? '');
      const to = engineOrder.indexOf(target.split('/')[1] ?? '');
      return from >= 0 && (to > from || (to < 0 && target !== 'engine/errors.ts'));
    });
    expect(upstream).toEqual([]);
  });

  it('conditions know nothing of the hub', () => {
    const upstream = importsOf('hub').filter(
      ({ file, target }) => file.startsWith('hub/conditions/') && !target.startsWith('hub/conditions/'),
    );
    expect(upstream).toEqual([]);
  });

  it('the core of the query engine touches no clock, no randomness and no node module', () => {
    const impure = files
      .filter((file) => file.startsWith('engine/query/') || file.startsWith('engine/store/'))
      .filter((file) => /from 'node:|Date\.now|Math\.random|setTimeout/.test(readFileSync(join(root, file), 'utf8')));
    expect(impure).toEqual([]);
  });
});

function importsOf(folder: string): { file: string; target: string }[] {
  return files
    .filter((file) => file.startsWith(`${folder}/`))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map((match) => match[1] ?? '');
      return specifiers.map((specifier) => ({
        file,
        target: relative(root, resolve(root, dirname(file), specifier)),
      }));
    });
}
