import { z } from 'zod';
import type { Memory } from '../memory/memory.ts';
import { counted } from '../text.ts';
import { defineSkill, type Skill } from './skill.ts';

const input = z.union([
  z.strictObject({ paths: z.array(z.string().trim().min(1).max(1000)).min(1).max(2000) }),
  z.strictObject({ all: z.literal(true) }),
]);

/** Takes documents out of the limb's memory; their files stay where they are. `onChange` hears whose changed. */
export function forgetSkill(memory: Memory, onChange: (tenant: string) => void = () => {}): Skill {
  return defineSkill({
    name: 'forget',
    input,
    async work(what, { tenant }) {
      const paths = 'all' in what ? [''] : what.paths.map((path) => path.replace(/^\.\/|\/+$/g, ''));
      let forgotten = 0;
      for (const path of paths) forgotten += await memory.forgetOthers(tenant, path, []);
      onChange(tenant);
      const nothing = 'all' in what ? 'Nothing was remembered' : `Nothing was remembered at ${what.paths.join(', ')}`;
      return { text: forgotten === 0 ? nothing : `Forgot ${counted(forgotten, 'document')}`, engine: 'memory' };
    },
  });
}
