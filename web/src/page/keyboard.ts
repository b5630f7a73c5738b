/**
 * The keys of the lab. They act only while the focus is inside it (on the page of its own: anywhere), and never in a
 * text field, where only Esc means something.
 */
import { inLine } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import type { Terminal } from '../views/terminal.ts';
import { act } from './acts.ts';
import type { Lab } from './lab.ts';

const plainKeys: Record<string, string> = {
  'ArrowRight': 'next', 'ArrowLeft': 'back', '.': 'event', ',': 'event.back', 'n': 'change', ' ': 'live', 'Home': 'home', 'End': 'last', '?': 'help', 'p': 'panels',
};

/** Handles a key that nobody inside wanted. */
export function onKey(lab: Lab, e: KeyboardEvent): void {
  const target = e.composedPath()[0];
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement) return;
  if (target instanceof HTMLButtonElement && (e.key === ' ' || e.key === 'Enter')) return;
  if (scrolls(target, e.key)) return;
  if (!handle(lab, e)) return;
  e.preventDefault();
  e.stopPropagation();
}

/** Home, End and Space scroll a transcript that has the focus, as everywhere. */
function scrolls(target: EventTarget | undefined, key: string): boolean {
  return target instanceof HTMLElement && target.getAttribute('role') === 'log' && ['Home', 'End', ' '].includes(key) && target.scrollHeight > target.clientHeight;
}

function handle(lab: Lab, e: KeyboardEvent): boolean {
  if (e.key === 'ArrowRight' && e.shiftKey) { act(lab, { act: 'end' }); return true; }
  if (e.key === 'Escape') { follow(lab); return true; }
  if (e.key === '/') { void prompts(lab); return true; }
  if (/^[1-9]$/.test(e.key)) { chooseProcess(lab, Number(e.key)); return true; }
  if (e.key === 's') { stepChosen(lab); return true; }
  const name = plainKeys[e.key];
  if (name) act(lab, { act: name });
  return name !== undefined;
}

/** Lets the inspector follow the step again. */
function follow(lab: Lab): void {
  if (!lab.controller) return;
  lab.controller.selection = null;
  lab.requestUpdate();
}

/** Into the prompt of a session; pressed in turn, into the next one's. A kept world comes up first. */
async function prompts(lab: Lab): Promise<void> {
  if (lab.controller?.recovering()) {
    await lab.controller.end();
    await lab.updateComplete;
  }
  const all = [...lab.renderRoot.querySelectorAll<Terminal>('vt-terminal')];
  const act = lab.controller?.nextAct();
  const upcoming = act?.kind === 'type' ? act.letter : undefined;
  const here = all.findIndex((x) => x === lab.lastTerminal);
  const next = here >= 0 ? all[(here + 1) % all.length] : (all.find((x) => x.session.letter === upcoming) ?? all[0]);
  lab.lastTerminal = next ?? null;
  next?.focusPrompt();
}

/** One step of the process that is chosen. */
function stepChosen(lab: Lab): void {
  const { selection } = lab.controller ?? {};
  const { kind, args } = thing.parts(selection ?? ('' as thing.Thing));
  if (kind === 'process') act(lab, { act: 'step', host: Number(args[0]), pid: Number(args[1]) });
}

/** The n-th process of the line. */
function chooseProcess(lab: Lab, n: number): void {
  const host = lab.controller?.view?.hosts[0];
  const p = host && inLine(host)[n - 1];
  if (!host || !p || !lab.controller) return;
  lab.controller.selection = thing.process(host.host, p.pid);
  lab.requestUpdate();
}
