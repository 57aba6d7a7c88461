/** The memory of the machine and of this process, as arguments. */
export interface Memory {
  /** What the machine, or the container that the process runs in, has. */
  readonly totalBytes: number;
  /** What the process takes of it. */
  usedBytes(): number;
}
