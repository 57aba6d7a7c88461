import pc from 'picocolors';
import { checkEngines } from '../../limbs/sandbox/check.ts';
import { Failure } from '../lib/failure.ts';
import { oneLine } from '../lib/terminal.ts';

/** Attacks every sandbox engine of this machine and prints what held. Fails when something did not, or none is there. */
export async function sandboxCheck(options: { readonly json?: boolean }): Promise<void> {
  let shown: string | undefined;
  const checks = await checkEngines((engine, { what, isHeld, seen }) => {
    if (options.json) return;
    if (shown !== engine.name) console.log(`\n${pc.bold(engine.name)} (${engine.level})`);
    shown = engine.name;
    const mark = isHeld ? pc.green('held  ') : pc.red('BROKEN');
    console.log(`  ${mark}  ${what.padEnd(40)} ${pc.dim(oneLine(seen))}`);
  });
  if (options.json) console.log(JSON.stringify(checks, undefined, 2));
  else {
    for (const { engine, probe } of checks) {
      if (!probe.present) console.log(`\n${pc.bold(engine)} is not here: ${probe.reason}\n  ${pc.dim(probe.install)}`);
    }
  }
  const broken = checks.filter(({ attacks }) => attacks.some(({ isHeld }) => !isHeld));
  if (broken.length > 0)
    throw new Failure(`Do not run Python here: ${broken.map(({ engine }) => engine).join(', ')} did not hold.`);
  if (checks.every(({ probe }) => !probe.present))
    throw new Failure('No sandbox engine is here, so that no Python runs.');
}
