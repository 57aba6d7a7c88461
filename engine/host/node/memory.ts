import { totalmem } from 'node:os';
import type { Memory } from '../memory.ts';

export const nodeMemory: Memory = {
  get totalBytes() {
    const machineBytes = totalmem();
    // Without a limit it is 0, or more than any machine has.
    const containerBytes = process.constrainedMemory();
    return containerBytes > 0 ? Math.min(machineBytes, containerBytes) : machineBytes;
  },
  usedBytes: () => process.memoryUsage.rss(),
};
