/** The picture of a B-tree. */
import { expect, test } from 'vitest';
import type { TreePage } from '../engine/generated/TreePage.ts';
import type { TreeView } from '../engine/generated/TreeView.ts';
import { BOX, splitOff, treePicture } from './tree.ts';

const page = (block: number, level: number, children: number[] = []): TreePage => ({
  block, level, prev: 0, next: 0, flags: [], lsn: 1, free: 100, bufferid: null, dirty: false, high_key: null, items: children.length,
  shown: children.map((child, i) => ({ offset: i + 1, key: String(i), child, tids: [], dead: false })),
});
const tree = (pages: TreePage[], path: number[] = []): TreeView => ({
  index: 't_pkey', indexes: ['t_pkey'], columns: ['id'], root: 3, level: 1, fastroot: 3, blocks: 5, pages, more: false, search: null, problem: null,
  path: path.map((block) => ({ block, offset: 1, found: false })),
});

test('a root stands above the middle of its leaves, and the way of a search is marked', () => {
  const picture = treePicture(tree([page(3, 1, [1, 2, 4]), page(1, 0), page(2, 0), page(4, 0)], [3, 2]));
  const step = BOX.width + BOX.gap;
  expect(picture.pages.map((p) => [p.page.block, p.x, p.y])).toEqual([[3, step, 0], [1, 0, BOX.row], [2, step, BOX.row], [4, 2 * step, BOX.row]]);
  expect(picture.links.map((l) => [l.from, l.to, l.followed])).toEqual([[3, 1, false], [3, 2, true], [3, 4, false]]);
});

test('pages of a level never overlap, even where few leaves are shown', () => {
  const { pages } = treePicture(tree([page(9, 2, [3, 8]), page(3, 1, [1]), page(8, 1, [2]), page(1, 0), page(2, 0)]));
  const level = pages.filter((p) => p.page.level === 1).map((p) => p.x);
  expect(level[1]! - level[0]!).toBeGreaterThanOrEqual(BOX.width);
});

test('what a split has made is what was not there', () => {
  const [old, now] = [tree([page(1, 0)]), tree([page(3, 1, [1, 2]), page(1, 0), page(2, 0)])];
  expect(splitOff(old, now)).toEqual([3, 2]);
  expect(splitOff(null, now)).toEqual([]);
  expect(splitOff({ ...old, index: 'other' }, now)).toEqual([]);
});
