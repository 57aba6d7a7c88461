/** The words after `helix` of each line of a shell that runs it; variables, `sudo`, `npx`, pipes and remarks are left away. */
export function helixCommands(text: string): string[][] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => parts(line))
    .flatMap((words) => {
      const at = words.findIndex((word) => !/^(?:\w+=.*|sudo|npx)$/.test(word));
      return at !== -1 && words[at] === 'helix' ? [words.slice(at + 1)] : [];
    });
}

/** The commands of a line, each as its words. */
function parts(line: string): string[][] {
  const found: string[][] = [[]];
  for (const match of line.matchAll(
    /(?<end>[|;<>])|(?<remark>(?<=^|\s)#.*$)|(?<word>(?:"[^"]*"|'[^']*'|[^\s"'|;<>])+)/g,
  )) {
    const { end, word } = match.groups ?? {};
    if (end !== undefined) found.push([]);
    else if (word !== undefined) found.at(-1)?.push(word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  }
  return found;
}
