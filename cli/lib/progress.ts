import type { Progress } from '../../engine/backup/back-up.ts';

const mebibyte = 1024 * 1024;
const barChars = 30;
const redrawMs = 100;
const lineMs = 5000;

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
      const share = ofBytes === 0 ? 1 : bytes / ofBytes;
      const text = `${Math.floor(share * 100)}% of ${Math.ceil(ofBytes / mebibyte)} MiB`;
      if (!output.isTTY) {
        output.write(`${text}\n`);
        return;
      }
      const full = Math.round(share * barChars);
      output.write(`\r\u001b[K${'█'.repeat(full)}${'░'.repeat(barChars - full)} ${text}`);
      isBarShown = true;
    },
    end: clear,
  };
}
