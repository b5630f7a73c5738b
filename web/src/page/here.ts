/** Where the reader stands, as an address that leads there again. */
import type { Deed } from '../engine/api.ts';
import { cursorOf } from '../model/story.ts';
import { packDeeds, type Address } from './address.ts';
import type { Controller } from './controller.ts';

/** The address of the present moment. */
export async function addressOf(c: Controller): Promise<Address> {
  if (c.kept && c.stored.kind !== 'memory' && c.stored.kind !== 'failed') return { store: c.stored.name };
  const { step, seed } = c.view!;
  const address: Address = { scene: c.scene.id, ...(seed > 0 && { seed }) };
  const stops = stopsOf(c);
  const deeds = await c.deeds();
  if (!ownWay(c, deeds, stops)) return { ...address, step, did: await packDeeds(deeds) };
  return stops.at(-1) === step ? { ...address, beat: stops.length - 1 } : { ...address, step };
}

/** The steps at which the story stopped: the opening, and each beat that is told. */
function stopsOf(c: Controller): number[] {
  return [c.opening, ...c.told().map((x) => cursorOf(x.event)).sort((a, b) => a - b)];
}

/** Whether Next alone led here: then the scene itself is the whole history. */
function ownWay(c: Controller, deeds: readonly Deed[], stops: readonly number[]): boolean {
  if (c.history.own.length > 0) return false;
  if (!deeds.every((d) => d.kind === 'input' && c.history.acted.some((a) => a.step === d.step))) return false;
  return c.nextAct() === null || c.view!.step === stops.at(-1);
}
