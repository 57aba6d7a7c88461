/** A program that filters packets. */
export interface Backend {
  readonly name: 'nftables' | 'ufw';
  /** What it is told, to be read by people. */
  readonly rules: string;
  /** The script of a shell that closes every inbound port. @throws TunnelError when the program is missing */
  apply(): string;
  /** The script that puts back what is there now. @throws TunnelError */
  rollback(): Promise<string>;
  /** Whether every inbound port is closed by it. @throws TunnelError when that cannot be seen */
  isOn(): Promise<boolean>;
}
