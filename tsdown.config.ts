import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    helix: 'cli/main.ts',
    'limb-store': 'limbs/memory/thread.ts',
    'limb-embeddings': 'limbs/embeddings/thread.ts',
    mcp: 'limbs/mcp/main.ts',
    'pyodide-child': 'limbs/sandbox/pyodide/child.mjs',
    'module-procedures': 'engine/module/procedures/thread.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  clean: true,
  dts: false,
  sourcemap: true,
  fixedExtension: false,
});
