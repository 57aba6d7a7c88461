export { type Entry, kindOf, type Line, readEntries } from './egress/index.ts';
export { LimbError } from './errors.ts';
export { type Limb, type LimbOptions, startLimb } from './worker/limb.ts';
export {
  humanLog,
  jsonLog,
  type Log,
  type LogFormat,
  type LogLevel,
  standardLog,
  usualFormat,
} from './worker/log.ts';
export type { TunnelReport, TunnelWatch } from './worker/tunnels.ts';
