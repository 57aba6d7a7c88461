import type { NoteRequest } from '../egress/index.ts';
import type { Permissions } from '../reach/permissions.ts';
import { Readers } from '../reach/readers.ts';
import { checkUrlSkill } from './check-url.ts';
import { fetchUrlSkill } from './fetch-url.ts';
import { listFilesSkill } from './list-files.ts';
import { readFeedSkill } from './read-feed.ts';
import type { Skill } from './skill.ts';

/** The skills that reach beyond the limb's own folder: those that its owner allows, when the limb starts. */
export async function outwardSkills(
  permissions: () => Promise<Permissions>,
  readersFile: string,
  note: NoteRequest,
): Promise<Skill[]> {
  const { reach, folders } = await permissions();
  const means = { permissions, note };
  return [
    ...(reach ? [fetchUrlSkill(means), checkUrlSkill(means), readFeedSkill(means)] : []),
    ...(folders.size > 0 ? [listFilesSkill(permissions, new Readers(readersFile))] : []),
  ];
}
