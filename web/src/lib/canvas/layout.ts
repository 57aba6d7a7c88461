import { Graph, layout } from '@dagrejs/dagre';
import type { GraphBlock, GraphStep } from './graph.ts';

export interface PlacedStep {
  readonly step: GraphStep;
  /** The step that it is inside of. */
  readonly parent: string | undefined;
  /** From the upper left of what it is inside of, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Of a step with steps inside of it: where each of its blocks begins. */
  readonly blocks: readonly { readonly name: string; readonly x: number; readonly width: number }[];
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
}

export interface Layout {
  /** Each after the one that it is inside of. */
  readonly steps: readonly PlacedStep[];
  readonly edges: readonly PlacedEdge[];
}

const leafWidth = 216;
const leafHeight = 60;
const headHeight = 84;
const padding = 16;

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Sized extends Size {
  readonly blocks: readonly { readonly name: string; readonly x: number; readonly placed: PlacedBlock }[];
}

interface PlacedBlock extends Size {
  readonly steps: readonly {
    readonly step: GraphStep;
    readonly x: number;
    readonly y: number;
    readonly sized: Sized;
  }[];
  readonly edges: readonly PlacedEdge[];
}

/** Places the steps of a recipe from top to bottom, and steps inside of others in boxes. */
export function layoutOf(root: GraphBlock): Layout {
  const steps: PlacedStep[] = [];
  const edges: PlacedEdge[] = [];
  collect(placeBlock(root), undefined, 0, 0, steps, edges);
  return { steps, edges };
}

function collect(
  block: PlacedBlock,
  parent: string | undefined,
  left: number,
  top: number,
  steps: PlacedStep[],
  edges: PlacedEdge[],
): void {
  edges.push(...block.edges);
  for (const { step, x, y, sized } of block.steps) {
    const { width, height } = sized;
    const blocks = sized.blocks.map(({ name, x: at, placed }) => ({ name, x: at, width: placed.width }));
    steps.push({ step, parent, x: left + x, y: top + y, width, height, blocks });
    for (const inner of sized.blocks) collect(inner.placed, step.id, inner.x, headHeight, steps, edges);
  }
}

function placeBlock(block: GraphBlock): PlacedBlock {
  const sizes = new Map(block.steps.map((step) => [step.id, sizeOf(step)]));
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 44 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, { width, height }] of sizes) graph.setNode(id, { width, height });
  const edges = block.steps.flatMap((step) => step.after.map((from) => ({ from, to: step.id })));
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as Partial<Size>;
  const steps = block.steps.map((step) => {
    const sized = sizes.get(step.id) ?? sizeOf(step);
    const { x, y } = graph.node(step.id) as { readonly x: number; readonly y: number };
    return { step, x: x - sized.width / 2, y: y - sized.height / 2, sized };
  });
  return { width, height, steps, edges };
}

function sizeOf(step: GraphStep): Sized {
  if (step.blocks.length === 0) return { width: leafWidth, height: leafHeight, blocks: [] };
  let x = padding;
  let height = 0;
  const blocks = step.blocks.map((block) => {
    const placed = placeBlock(block);
    const at = x;
    x += Math.max(placed.width, 60) + padding;
    height = Math.max(height, placed.height);
    return { name: block.name, x: at, placed };
  });
  return { width: Math.max(x, leafWidth), height: headHeight + height + padding, blocks };
}
