#!/usr/bin/env node
// Runs the built command. It is plain JavaScript so that it works, and can say what is missing, before anything is built.
import { existsSync } from 'node:fs';

const built = new URL('../dist/helix.js', import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  console.error('helix: dist/helix.js is missing: run `npm ci` to install, or `npm run build` after a change.');
  process.exitCode = 1;
}
