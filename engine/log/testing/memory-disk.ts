import { type AppendFile, type Disk, locked } from '../../host/disk.ts';

/** Files in memory. A test may look into them, change them, and decide how an append ends. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, Buffer>();
  readonly locks = new Set<string>();
  appendCount = 0;
  /** Awaited before every append; what it throws fails the append. */
  onAppend: (bytes: Uint8Array) => Promise<void> = async () => {};

  async makeDirectory(): Promise<void> {}

  async list(directory: string): Promise<string[]> {
    const names = [...this.files.keys()].filter((path) => path.startsWith(`${directory}/`));
    return names.map((path) => path.slice(directory.length + 1)).sort();
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const bytes = this.files.get(path);
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }

  async readPart(path: string, fromByte: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    const bytes = this.files.get(path);
    return bytes === undefined ? undefined : Buffer.from(bytes.subarray(fromByte, fromByte + lengthBytes));
  }

  async openAppend(path: string): Promise<AppendFile> {
    if (!this.files.has(path)) this.files.set(path, Buffer.alloc(0));
    const sizeOf = () => this.files.get(path)?.length ?? 0;
    return {
      get sizeBytes() {
        return sizeOf();
      },
      append: async (bytes) => {
        this.appendCount += 1;
        await this.onAppend(bytes);
        this.files.set(path, Buffer.concat([this.files.get(path) ?? Buffer.alloc(0), bytes]));
      },
      close: async () => {},
    };
  }

  async truncate(path: string, lengthBytes: number): Promise<void> {
    this.files.set(path, Buffer.from((this.files.get(path) ?? Buffer.alloc(0)).subarray(0, lengthBytes)));
  }

  async writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
    this.files.set(path, Buffer.from(bytes));
  }

  async rename(from: string, to: string): Promise<void> {
    const bytes = this.files.get(from);
    if (bytes === undefined) throw new Error(`no file ${from}`);
    this.files.delete(from);
    this.files.set(to, bytes);
  }

  async remove(path: string): Promise<void> {
    for (const file of [...this.files.keys()]) {
      if (file === path || file.startsWith(`${path}/`)) this.files.delete(file);
    }
  }

  async freeBytes(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  async lock(path: string): Promise<{ release(): Promise<void> }> {
    if (this.locks.has(path)) throw locked(path, 'this process');
    this.locks.add(path);
    return {
      release: async () => {
        this.locks.delete(path);
      },
    };
  }

  /** A copy that shares nothing, as a machine would find it after a crash: nobody holds a lock. */
  afterCrash(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [path, bytes] of this.files) copy.files.set(path, Buffer.from(bytes));
    return copy;
  }
}
