// Started with descriptors that it did not ask for; prints those that a confined program gets of them.
import { spawnConfined } from '../spawn.ts';
import { userForRun } from '../user.ts';

const confined = spawnConfined({
  command: '/bin/sh',
  args: ['-c', 'for each in /proc/self/fd/*; do readlink $each; done'],
  user: userForRun(),
  descriptors: ['pipe'],
});
confined.stdin.end();
confined.pipes[0]?.end();
confined.stdout.pipe(process.stdout);
confined.stderr.pipe(process.stderr);
await confined.ended;
