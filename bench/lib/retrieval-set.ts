import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text of the evaluation set. */
export interface Text {
  /** `<collection>/<file>` */
  readonly path: string;
  readonly title: string;
  readonly markdown: string;
}

export interface Question {
  readonly text: string;
  /** Whether a part answers it. */
  isAnsweredBy(document: string, section: string): boolean;
  readonly document: string;
}

const collections = ['sqlite', 'jargon'];

/** Reads the evaluation set of `bench/retrieval`: the texts, and the questions in the order of the file. */
export function readRetrievalSet(folder: string): { texts: Text[]; questions: Question[] } {
  const texts = collections.flatMap((collection) =>
    readdirSync(join(folder, collection))
      .sort()
      .map((file): Text => {
        const markdown = readFileSync(join(folder, collection, file), 'utf8');
        return { path: `${collection}/${file}`, title: /^# (.*)$/m.exec(markdown)?.[1] ?? file, markdown };
      }),
  );
  const lines = readFileSync(join(folder, 'questions.tsv'), 'utf8').trimEnd().split('\n');
  const questions = lines.map((line): Question => {
    const [text = '', document = '', sections = ''] = line.split('\t');
    const wanted = sections.split('|').map((section) => section.toLowerCase());
    return {
      text,
      document,
      isAnsweredBy: (path, section) => path === document && wanted.some((part) => section.toLowerCase().includes(part)),
    };
  });
  return { texts, questions };
}
