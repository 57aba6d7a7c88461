import { defineConfig } from 'tsdown';

// The types of what a user of the package may import, beside the code that `tsdown.config.ts` builds.
export default defineConfig({
  entry: { engine: 'engine/index.ts', testing: 'engine/testing/index.ts', limbs: 'limbs/index.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  outDir: 'dist',
  clean: ['dist/*.d.ts'],
  dts: { emitDtsOnly: true },
  // No public type mentions the client itself, whose types cannot be written without the SDK's private ones.
  deps: { neverBundle: [/bindings\/index/] },
  fixedExtension: false,
});
