import { isSeq, type YAMLMap } from 'yaml';
import { change, find, idsOf } from './change.ts';
import type { StepKind } from './document.ts';
import { freeId, newStep } from './new-steps.ts';

// The lists of steps inside of a step that may be there or not.

export const branchNames = ['else', 'parallel', 'onFailure'] as const;
export type BranchName = (typeof branchNames)[number];

/** What can be added to a step: the other way of an `if`, one more branch, what is done when it fails. */
export function addableTo(step: YAMLMap): readonly BranchName[] {
  const isAddable = {
    else: step.has('if') && !step.has('else'),
    parallel: isSeq(step.get('parallel', true)),
    onFailure: !isSeq(step.get('onFailure', true)),
  };
  return branchNames.filter((name) => isAddable[name]);
}

/** Adds a list of steps to a step, with its first one. @returns the text, and the name of the new step */
export function addBranch(text: string, of: string, name: BranchName, kind: StepKind): { text: string; id: string } {
  let id = '';
  const changed = change(text, (document) => {
    const { step } = find(document, of);
    id = freeId(idsOf(document), kind);
    const first = newStep(kind, id);
    const branches = name === 'parallel' ? step.get('parallel', true) : undefined;
    if (isSeq(branches)) branches.add(document.createNode([first]));
    else step.set(name, document.createNode([first]));
  });
  return { text: changed, id };
}

/** Takes a list of steps out of a step that can do without it. @returns whether it can */
export function deleteBlock(step: YAMLMap, name: string): boolean {
  const [first = '', number] = name.split(' ');
  const branches = number === undefined ? undefined : step.get(first, true);
  if (isSeq(branches)) {
    if (branches.items.length === 1) return false;
    branches.items.splice(Number(number), 1);
    return true;
  }
  if (first !== 'else' && first !== 'onFailure') return false;
  return step.delete(first);
}

/** What becomes of the run when a step fails, besides other steps being done instead. */
export function failureOf(step: YAMLMap): 'fail' | 'continue' | 'steps' {
  if (isSeq(step.get('onFailure', true))) return 'steps';
  return step.get('onFailure') === 'continue' ? 'continue' : 'fail';
}

/** Lets the run fail with a step, or go on without it; steps that were done instead are taken out. */
export function setFailure(text: string, of: string, how: 'fail' | 'continue'): string {
  return change(text, (document) => {
    const { step } = find(document, of);
    if (how === 'fail') step.delete('onFailure');
    else step.set('onFailure', 'continue');
  });
}
