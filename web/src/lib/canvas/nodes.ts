import { type Edge, MarkerType, type Node, Position } from '@xyflow/svelte';
import { texts } from '../texts.ts';
import type { Layout, PlacedStep } from './layout.ts';

export type StepNode = Node<{ placed: PlacedStep }, 'step'>;

/** What the canvas draws. Sizes and handles are given, so that what is out of sight needs no measuring. */
export function nodesOf({ steps }: Layout, selected: string): StepNode[] {
  return steps.map((placed) => {
    const { step, parent, x, y, width, height } = placed;
    const handle = { x: width / 2 - 1, width: 2, height: 2 };
    return {
      id: step.id,
      type: 'step',
      position: { x, y },
      width,
      height,
      measured: { width, height },
      selected: step.id === selected,
      data: { placed },
      ariaLabel: texts.canvas.step(step.id, step.kind === undefined ? '' : texts.canvas.kinds[step.kind]),
      handles: [
        { ...handle, type: 'target' as const, position: Position.Top, y: -1 },
        { ...handle, type: 'source' as const, position: Position.Bottom, y: height - 1 },
      ],
      ...(parent === undefined ? {} : { parentId: parent }),
    };
  });
}

export function edgesOf({ edges }: Layout): Edge[] {
  return edges.map(({ from, to }) => ({
    id: `${from} ${to}`,
    source: from,
    target: to,
    ariaLabel: texts.canvas.edge(from, to),
    markerEnd: { type: MarkerType.ArrowClosed, color: 'var(--line-strong)' },
  }));
}
