import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { compileDecoders } from './build-tools/compile-decoders.ts';

export default defineConfig({
  plugins: [tailwindcss(), sveltekit(), compileDecoders(`${import.meta.dirname}/../bindings/index.ts`)],
  // How long each plugin took is nothing that somebody who starts Helix needs to read.
  build: { rolldownOptions: { checks: { pluginTimings: false } } },
  server: { fs: { allow: ['..'] } },
});
