import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    helix: 'cli/main.ts',
    engine: 'engine/index.ts',
    testing: 'engine/testing/index.ts',
    limbs: 'limbs/index.ts',
    'limb-store': 'limbs/memory/thread.ts',
    'limb-convert': 'limbs/documents/converter/main.ts',
    'limb-embeddings': 'limbs/embeddings/thread.ts',
    mcp: 'limbs/mcp/main.ts',
    'pyodide-child': 'limbs/sandbox/pyodide/child.mjs',
    'log-thread': 'engine/log-thread.ts',
    'history-thread': 'engine/history/thread.ts',
    'module-load': 'engine/module/load-thread.ts',
    'module-procedures': 'engine/module/procedures/thread.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  // The types are built by themselves, for the package only.
  clean: ['dist/*.js', 'dist/*.js.map'],
  dts: false,
  sourcemap: true,
  fixedExtension: false,
});
