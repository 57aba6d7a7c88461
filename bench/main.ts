import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cancel } from './cells/cancel.ts';
import { ceiling } from './cells/ceiling.ts';
import { durability } from './cells/durability.ts';
import { fanOut } from './cells/fan-out.ts';
import { idleLimbs } from './cells/idle-limbs.ts';
import { inProcess } from './cells/in-process.ts';
import { memory } from './cells/memory.ts';
import { pixels } from './cells/pixels.ts';
import { recipes } from './cells/recipes.ts';
import { recovery } from './cells/recovery.ts';
import { retrieval } from './cells/retrieval.ts';
import { routerCell } from './cells/router.ts';
import { rulesCell } from './cells/rules.ts';
import { sandbox } from './cells/sandbox.ts';
import { searchCell } from './cells/search.ts';
import { stall } from './cells/stall.ts';
import { startup } from './cells/startup.ts';
import { tasks } from './cells/tasks.ts';
import { tenantsCell } from './cells/tenants.ts';
import { transfer } from './cells/transfer.ts';
import { viewsCell } from './cells/views.ts';
import type { Cell } from './lib/cell.ts';
import { loadAverage, machineFacts } from './lib/machine.ts';
import { cellText, type Result, ResultsPage } from './lib/results.ts';
import { full, quick } from './settings.ts';

const cells: readonly Cell[] = [
  transfer,
  inProcess,
  ceiling,
  fanOut,
  tenantsCell,
  viewsCell,
  tasks,
  idleLimbs,
  recovery,
  memory,
  durability,
  stall,
  startup,
  cancel,
  pixels,
  retrieval,
  sandbox,
  searchCell,
  routerCell,
  rulesCell,
  recipes,
];

const usage = `Usage: npm run bench -- [--quick] [--data <folder>] [--profile <folder>] [cell…]

  --quick             one short round, printed and not kept
  --data <folder>     measure the disk of this folder; default: the folder for temporary files
  --profile <folder>  also write CPU profiles of Helix into this folder; figures are then lower

Cells, all by default:
${cells.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join('\n')}`;

const { values, positionals } = readArguments();
const unknown = positionals.filter((name) => !cells.some((cell) => cell.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no cell ${unknown.join(', ')}.\n`);
  console.log(usage);
  process.exit(unknown.length > 0 ? 1 : 0);
}

const here = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));
const settings = values.quick ? quick : full;
const nodeOptions = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`] : [];
const page = new ResultsPage(here('RESULTS.md'), cells);
for (const cell of cells) {
  if (positionals.length > 0 && !positionals.includes(cell.name)) continue;
  const result = await measure(cell);
  console.log(`\n${cellText(cell.name, result)}`);
  if (!values.quick) page.write(cell.name, result);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        quick: { type: 'boolean' },
        data: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
    if (values.data === undefined || existsSync(values.data)) return { values, positionals };
    console.error(`There is no folder ${values.data}.\n`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message.replace(/\. To specify .*/, '') : String(error)}.\n`);
  }
  console.error(usage);
  process.exit(1);
}

async function measure(cell: Cell): Promise<Result> {
  const folder = mkdtempSync(join(values.data ?? tmpdir(), 'helix-bench-'));
  // PostgreSQL may run as another user.
  chmodSync(folder, 0o711);
  const before = loadAverage();
  console.error(`${cell.name}: ${cell.title}; load average ${before}`);
  try {
    const report = await cell.run({ settings, folder, nodeOptions, say: (text) => console.error(`  ${text}`) });
    const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
    const { title } = cell;
    return { title, date, machine: machineFacts(folder), loadAverage: before, ...settings, report };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
