/** Whether a name has every one of some words in it, whatever their order and case: `task in` finds `task_input`. */
export function fits(name: string, words: string): boolean {
  const lower = name.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
