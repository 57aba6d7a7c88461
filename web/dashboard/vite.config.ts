import { fileURLToPath } from 'node:url';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { compress } from '../build-tools/compress.ts';

const face = fileURLToPath(new URL('../src/lib', import.meta.url));

export default defineConfig({
  root: import.meta.dirname,
  base: '/_/',
  // The icon and the script that applies the chosen theme are the face's own.
  publicDir: '../static',
  resolve: { alias: { $lib: face } },
  plugins: [
    compress(),
    tailwindcss(),
    svelte({ configFile: false, preprocess: vitePreprocess(), compilerOptions: { runes: true } }),
  ],
  build: { outDir: 'build', emptyOutDir: true, rolldownOptions: { checks: { pluginTimings: false } } },
});
