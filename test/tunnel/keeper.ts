import { startGuarded } from '../../infra/tunnel/process/guard.ts';

// Keeps a program as the keeper of a tunnel does, until it is killed.

const [command = '', ...args] = JSON.parse(process.argv[2] ?? '[]') as string[];
startGuarded({ command, args, env: { PATH: process.env['PATH'] ?? '' }, onLine: () => {} });
console.log('started');
