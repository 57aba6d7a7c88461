import { yaml } from '@codemirror/lang-yaml';
import { type Diagnostic, linter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { basicSetup } from 'codemirror';

/** A mistake at a line and column, both from 1. */
export interface Mistake {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly hint: string;
}

export interface EditorOptions {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly label: string;
  readonly isReadOnly: boolean;
  /** What is wrong with a text; it is asked while somebody writes. */
  readonly check: (text: string) => Promise<readonly Mistake[]>;
  readonly onchange: (text: string) => void;
}

const lintAfterMs = 300;

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '0.85rem', backgroundColor: 'var(--surface)', color: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--teal)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--face-mono)' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--ink-faint)', borderRightColor: 'var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { backgroundColor: 'var(--teal-wash)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-content span': { color: 'inherit' },
});

/** An editor of YAML with the mistakes of the hub's own reader under the text. */
export function openEditor({ parent, text, label, isReadOnly, check, onchange }: EditorOptions): EditorView {
  const lint = linter(
    async ({ state }) => (await check(state.doc.toString())).map((mistake) => diagnosticOf(state, mistake)),
    { delay: lintAfterMs },
  );
  return new EditorView({
    parent,
    doc: text,
    extensions: [
      basicSetup,
      yaml(),
      theme,
      lint,
      EditorState.readOnly.of(isReadOnly),
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onchange(update.state.doc.toString());
      }),
    ],
  });
}

/** Puts another text in its place. */
export function replaceText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

/** From the place of a mistake to the end of its line. */
function diagnosticOf({ doc }: EditorState, { message, line, column, hint }: Mistake): Diagnostic {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const start = Math.min(from + column - 1, to);
  return { from: start, to, severity: 'error', message: hint === '' ? message : `${message}; ${hint}` };
}
