import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** The editor in the colours of the face, by the same tokens in light and dark. */
export const editorTheme = [
  EditorView.theme({
    '&': { height: '100%', fontSize: '0.87rem', backgroundColor: 'var(--surface)', color: 'var(--ink)' },
    '&.cm-focused': { outline: '2px solid var(--teal)', outlineOffset: '-2px' },
    '.cm-scroller': { fontFamily: 'var(--face-mono)', lineHeight: '1.6' },
    '.cm-content': { caretColor: 'var(--ink)', padding: '0.7rem 0' },
    '.cm-cursor': { borderLeftColor: 'var(--ink)' },
    '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-faint)', border: 'none' },
    '.cm-selectionBackground, &.cm-focused .cm-selectionBackground, .cm-content ::selection': {
      backgroundColor: 'color-mix(in oklab, var(--teal) 28%, transparent)',
    },
    '.cm-tooltip': {
      border: '1px solid var(--line)',
      borderRadius: '0.6rem',
      backgroundColor: 'var(--surface)',
      color: 'var(--ink)',
      boxShadow: 'var(--lift)',
      overflow: 'hidden',
    },
    '.cm-diagnostic': { fontFamily: 'var(--face)', fontSize: '0.87rem' },
    '.cm-diagnostic-error': { borderLeftColor: 'var(--red)' },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--code-name)' },
      { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
      { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
      { tag: [tags.keyword, tags.typeName, tags.labelName, tags.meta], color: 'var(--code-keyword)' },
      { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
    ]),
  ),
];
