/** What the buttons and keys of the lab lead to. */
import { span } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { changes } from '../model/changes.ts';
import { QUICK, SLOW, type LinkAct } from '../model/link.ts';
import type { BigPanelName } from '../model/wants.ts';
import { writeAddress } from './address.ts';
import type { Dialog } from './keys-dialog.ts';
import type { Lab } from './lab.ts';

/** A wish, with what it is about. */
export interface Act { act: string; value?: string; letter?: string; text?: string | null; host?: number; pid?: number; relation?: string; block?: number }

/** What the reader does with time; a \watch ends then. */
const MOVES: ReadonlySet<string> = new Set(['next', 'back', 'event', 'event.back', 'end', 'change', 'pass', 'story', 'home', 'last', 'live', 'step', 'plug']);

/** Live runs at this share of real time: slow enough to follow. */
const LIVE_SPEED = 0.01;

/** Does what was asked for. */
export function act(lab: Lab, what: Act): void {
  const c = lab.controller;
  if (!c?.view) return;
  if (MOVES.has(what.act)) lab.shell?.stopWatching();
  switch (what.act) {
    case 'next': void c.next(); break;
    case 'back': void c.back(); break;
    case 'event': void c.event(1); break;
    case 'event.back': void c.event(-1); break;
    case 'end': void c.end(); break;
    case 'change': nextChange(lab); break;
    case 'pass': void c.pass(); break;
    case 'story': void c.backToStory(); break;
    case 'home': void c.ends('home'); break;
    case 'last': void c.ends('end'); break;
    case 'live': void c.toggleLive(LIVE_SPEED); break;
    case 'guess': { const beat = c.told().at(-1)?.beat; if (beat && what.value) c.guess(beat.id, what.value); break; }
    case 'submit': void lab.psql().then((shell) => shell?.enter(what.letter!, what.text!)); break;
    case 'cancel': void lab.psql().then((shell) => shell?.cancel(what.letter!)); break;
    case 'copy': void copy(lab, what.text ?? ''); break;
    case 'step': if (what.pid !== undefined) void c.stepProcess(what.pid); break;
    case 'freeze': case 'thaw': case 'kill': onProcess(lab, what); break;
    case 'connect': void c.connect(what.host ?? 0); break;
    case 'quit': void c.quit(what.letter!); break;
    case 'plug': plug(lab, what.host ?? 0); break;
    case 'link': link(lab, what.value as LinkAct); break;
    case 'show': if (what.relation !== undefined) void c.show(what.relation, what.block ?? 0); break;
    case 'panel': void lab.openPanel((what.value ?? '') as BigPanelName | ''); break;
    case 'panels': void lab.menu(); break;
    case 'keep': void keep(lab); break;
    case 'continue': location.hash = writeAddress({ store: STORE }); break;
    case 'theme': lab.theme = nextTheme(lab); break;
    case 'share': void share(lab); break;
    case 'embed': void copy(lab, `<script type="module" src="pg-vitrine.js"></script>\n<pg-vitrine scene="${c.scene.id}" panels="sessions page wal standby" step="${c.told().length}"></pg-vitrine>`); break;
    case 'help': void import('./keys-dialog.ts').then(() => lab.renderRoot.querySelector<Dialog>('vt-dialog')?.open('keys')); break;
  }
}

/** Steps until the selected thing looks different from now. */
function nextChange(lab: Lab): void {
  const c = lab.controller!;
  const thing = c.selection;
  const from = c.view!;
  void c.change((now) => (thing ? changes(from, now).has(thing) : changes(from, now).size > 0));
}

function onProcess(lab: Lab, what: Act): void {
  const pid = what.pid ?? 0;
  if (what.act === 'kill') void lab.controller!.input({ kind: 'kill', pid }, t('free.killed', { pid }));
  else void lab.controller!.input({ kind: 'freeze', pid, frozen: what.act === 'freeze' }, t(what.act === 'freeze' ? 'free.frozen' : 'free.thawed', { pid }));
}

/** Pulls the plug of a server, or gives it power again: recovery is then stepped like everything else. */
function plug(lab: Lab, host: number): void {
  const c = lab.controller!;
  const { state, name } = c.view!.hosts[host]!;
  if (state === 'off') void c.input({ kind: 'power_on', host }, t('free.power_on', { host: name }));
  else void c.input({ kind: 'power_fail', host }, t('plugged', { host: name }));
}

/** Cuts the link, slows it, or makes it whole and quick again. */
function link(lab: Lab, value: LinkAct): void {
  const c = lab.controller!;
  if (value === 'slow') void c.input({ kind: 'latency', micros: SLOW }, t('free.slow', { latency: span(SLOW) }));
  else if (value === 'cut' || c.view!.links[0]?.cut) void c.input({ kind: 'cut', cut: value === 'cut' }, t(value === 'cut' ? 'free.cut' : 'free.healed'));
  else void c.input({ kind: 'latency', micros: QUICK }, t('free.quick'));
}

/** The name under which the page keeps a world. */
export const STORE = 'lab';

/** Keeps the world in this browser, and says so in the address: a reload brings it back. */
async function keep(lab: Lab): Promise<void> {
  const c = lab.controller!;
  await c.keep(STORE);
  if (c.stored.kind !== 'saved') return;
  history.replaceState(null, '', `${location.pathname}${location.search}${writeAddress({ store: STORE })}`);
}

function nextTheme(lab: Lab): string {
  const dark = lab.theme === 'dark' || (lab.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  return dark ? 'light' : 'dark';
}

async function share(lab: Lab): Promise<void> {
  const { addressOf } = await import('./here.ts');
  const address = new URL(location.href);
  address.hash = writeAddress({ ...(await addressOf(lab.controller!)), ...(lab.theme === 'auto' ? {} : { theme: lab.theme }) });
  history.replaceState(null, '', address);
  await copy(lab, address.href, t('share.done'));
}

async function copy(lab: Lab, text: string, said = t('copied')): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    lab.note = said;
  } catch {
    lab.note = text;
  }
  setTimeout(() => { lab.note = ''; }, 2500);
}
