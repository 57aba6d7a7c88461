import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { compileDecoders } from './build-tools/compile-decoders.ts';

export default defineConfig({
  plugins: [tailwindcss(), sveltekit(), compileDecoders(`${import.meta.dirname}/../bindings/index.ts`)],
  server: { fs: { allow: ['..'] } },
});
