/**
 * Where the pages of a B-tree lie in its picture: leaves side by side in the order of their links, every other page above
 * the middle of those that it leads to.
 */
import type { TreePage } from '../engine/generated/TreePage.ts';
import type { TreeView } from '../engine/generated/TreeView.ts';

/** A page with its place, in pixels. */
export interface Placed { page: TreePage; x: number; y: number }
/** From an item of a page down to the page it leads to. */
export interface Link { from: number; to: number; followed: boolean }
export interface TreePicture { pages: Placed[]; links: Link[]; width: number; height: number }

export const BOX = { width: 132, gap: 12, row: 150 };

/** The picture of a tree. */
export function treePicture(tree: TreeView): TreePicture {
  const x = new Map<number, number>();
  const depth = Math.max(0, ...tree.pages.map((p) => p.level));
  const step = BOX.width + BOX.gap;
  for (let level = 0; level <= depth; level++) {
    let free = 0;
    for (const page of tree.pages.filter((p) => p.level === level)) {
      const below = page.shown.flatMap((i) => (i.child !== null && x.has(i.child) ? [x.get(i.child)!] : []));
      const wanted = below.length ? (Math.min(...below) + Math.max(...below)) / 2 : free;
      x.set(page.block, Math.max(wanted, free));
      free = x.get(page.block)! + step;
    }
  }
  const followed = new Set(tree.path.map((s, i) => `${s.block} ${tree.path[i + 1]?.block}`));
  const shown = new Set(tree.pages.map((p) => p.block));
  return {
    pages: tree.pages.map((page) => ({ page, x: x.get(page.block)!, y: (depth - page.level) * BOX.row })),
    links: tree.pages.flatMap((p) => p.shown.flatMap((i) => (i.child !== null && shown.has(i.child) ? [{ from: p.block, to: i.child, followed: followed.has(`${p.block} ${i.child}`) }] : []))),
    width: Math.max(BOX.width, ...[...x.values()].map((n) => n + BOX.width)),
    height: depth * BOX.row + BOX.row - 20,
  };
}

/** The blocks that are in the tree now and were not before: what splits have made. */
export function splitOff(before: TreeView | null, now: TreeView): number[] {
  if (!before || before.index !== now.index || before.pages.length === 0) return [];
  const known = new Set(before.pages.map((p) => p.block));
  return now.pages.filter((p) => !known.has(p.block)).map((p) => p.block);
}
