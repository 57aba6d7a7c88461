import type { Progress } from '../../engine/backup/back-up.ts';

const mebibyte = 1024 * 1024;
const barChars = 30;
const redrawMs = 100;
const lineMs = 5000;

function textOf(bytes: number, ofBytes: number | undefined): string {
  if (ofBytes === undefined) return `${Math.floor(bytes / mebibyte)} MiB verified`;
  return `${Math.floor(shareOf(bytes, ofBytes) * 100)}% of ${Math.ceil(ofBytes / mebibyte)} MiB`;
}

function barOf(bytes: number, ofBytes: number): string {
  const full = Math.round(shareOf(bytes, ofBytes) * barChars);
  return `${'█'.repeat(full)}${'░'.repeat(barChars - full)} `;
}

function shareOf(bytes: number, ofBytes: number): number {
  return ofBytes === 0 ? 1 : Math.min(1, bytes / ofBytes);
}

/** Shows how a long work gets on: a bar on a terminal, else now and then a line. */
export function showProgress(output: NodeJS.WriteStream = process.stderr): Progress & { end(): void } {
  let shownMs = performance.now();
  let isBarShown = false;
  const clear = () => {
    if (isBarShown) output.write('\r\u001b[K');
    isBarShown = false;
  };
  return {
    say(line) {
      clear();
      console.log(line);
    },
    done(bytes, ofBytes) {
      const nowMs = performance.now();
      if (nowMs - shownMs < (output.isTTY ? redrawMs : lineMs)) return;
      shownMs = nowMs;
      const text = textOf(bytes, ofBytes);
      if (output.isTTY) output.write(`\r\u001b[K${ofBytes === undefined ? '' : barOf(bytes, ofBytes)}${text}`);
      else output.write(`${text}\n`);
      isBarShown = output.isTTY;
    },
    end: clear,
  };
}
