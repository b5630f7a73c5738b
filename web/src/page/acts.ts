/** What the buttons and keys of the lab lead to. */
import { span } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { changes } from '../model/changes.ts';
import { QUICK, SLOW, type LinkAct } from '../model/link.ts';
import type { BigPanelName } from '../model/wants.ts';
import { loadScene } from '../scenes/index.ts';
import { LONGEST, momentFile, writeAddress } from './address.ts';
import type { Dialog } from './keys-dialog.ts';
import type { Lab } from './lab.ts';

/** A wish, with what it is about. */
export interface Act { act: string; value?: string; letter?: string; text?: string | null; host?: number; pid?: number; relation?: string; block?: number }

/** What the reader does with time; a \watch ends then. */
const MOVES: ReadonlySet<string> = new Set(['next', 'back', 'event', 'event.back', 'end', 'change', 'pass', 'story', 'home', 'last', 'live', 'step', 'plug', 'promote', 'branch']);

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
    case 'live': void c.toggleLive(); break;
    case 'speed': void c.setSpeed(Number(what.value)); break;
    case 'branch': void c.follow(Number(what.value)); break;
    case 'guess': { const beat = c.told().at(-1)?.beat; if (beat && what.value) c.guess(beat.id, what.value); break; }
    case 'submit': void lab.psql().then((shell) => shell?.enter(what.letter!, what.text!)); break;
    case 'cancel': void lab.psql().then((shell) => shell?.cancel(what.letter!)); break;
    case 'copy': void copy(lab, what.text ?? ''); break;
    case 'step': if (what.pid !== undefined) void c.stepProcess(what.pid); break;
    case 'freeze': case 'thaw': case 'kill': onProcess(lab, what); break;
    case 'connect': void c.connect(what.host ?? 0); break;
    case 'quit': void c.quit(what.letter!); break;
    case 'plug': plug(lab, what.host ?? 0); break;
    case 'promote': void c.input({ kind: 'promote', host: what.host ?? 1 }, t('free.promote', { host: c.view.hosts[what.host ?? 1]!.name })); break;
    case 'link': link(lab, what.value as LinkAct); break;
    case 'show': if (what.relation !== undefined) void c.show(what.relation, what.block ?? 0); break;
    case 'panel': void lab.openPanel((what.value ?? '') as BigPanelName | ''); break;
    case 'panels': void lab.menu(); break;
    case 'keep': void import('./worlds-sheet.ts').then(({ openWorlds }) => openWorlds(lab)); break;
    case 'theme': lab.theme = nextTheme(lab); break;
    case 'share': void share(lab); break;
    case 'language': void language(lab, what.value!); break;
    case 'scenes': void import('./scenes-sheet.ts').then(({ openScenes }) => openScenes(lab)); break;
    case 'scene': if (what.value) void loadScene(what.value).then((scene) => lab.tell(scene)); break;
    case 'embed': void import('./embed-sheet.ts').then(({ openEmbed }) => openEmbed(lab)); break;
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

function nextTheme(lab: Lab): string {
  const dark = lab.theme === 'dark' || (lab.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  return dark ? 'light' : 'dark';
}

async function share(lab: Lab): Promise<void> {
  const { addressOf } = await import('./here.ts');
  const words = { ...(await addressOf(lab.controller!)), ...(lab.panels.trim() && { panels: lab.panels }), ...(lab.panel && { panel: lab.panel }), ...(lab.theme !== 'auto' && { theme: lab.theme }), ...(lab.spoken !== 'en' && { lang: lab.spoken }) };
  const address = new URL(location.href);
  address.hash = writeAddress(words);
  if (address.href.length > LONGEST) {
    save(`${lab.controller!.scene.id}.vitrine.json`, new Blob([momentFile(words)], { type: 'application/json' }));
    return say(lab, t('share.long'));
  }
  history.replaceState(null, '', address);
  await copy(lab, address.href, t('share.done'));
}

/** Opens this moment again, told in another language. */
async function language(lab: Lab, lang: string): Promise<void> {
  const { addressOf } = await import('./here.ts');
  location.hash = writeAddress({ ...(await addressOf(lab.controller!)), ...(lab.panel && { panel: lab.panel }), ...(lab.theme !== 'auto' && { theme: lab.theme }), lang });
}

/** Hands the reader a file. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  Object.assign(link, { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function copy(lab: Lab, text: string, said = t('copied')): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(lab, said);
  } catch {
    say(lab, text);
  }
}

function say(lab: Lab, text: string): void {
  lab.note = text;
  setTimeout(() => { lab.note = ''; }, 2500);
}
