import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: {
    helix: 'cli/main.ts',
    'limb-store': 'limbs/memory/thread.ts',
    'limb-embeddings': 'limbs/embeddings/thread.ts',
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
