import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { $lib: folder('web/src/lib'), $bindings: folder('bindings') } },
  test: {
    include: ['{engine,hub,limbs,cli,test}/**/*.test.ts', 'web/src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // On a machine with other work a second is nothing.
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
    globalSetup: ['test/support/build.ts'],
  },
});
