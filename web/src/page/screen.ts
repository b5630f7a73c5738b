/** From the controller's history and cursor to what the panels are given. Nothing here changes anything. */
import { t, told as say } from '../base/messages.ts';
import { changes } from '../model/changes.ts';
import type { LabState } from '../model/state.ts';
import { plansOf } from '../model/plan.ts';
import { heard } from '../model/psql.ts';
import { related } from '../model/related.ts';
import type { Thing } from '../model/thing.ts';
import type { Wants } from '../model/wants.ts';
import type { SentenceState } from '../views/sentence.ts';
import type { LabView, SessionView } from '../views/types.ts';
import type { Controller } from './controller.ts';

/** What the panels draw. */
export function labState(c: Controller, hovered: Thing | null, readonly: boolean, wants: Wants, whole: boolean): LabState {
  const view = c.view!;
  const selection = c.selection ?? subject(c);
  return {
    view, before: c.before, changed: changes(c.before, view), selection, pinned: c.selection !== null,
    lit: related(view, hovered ?? c.selection), host: 0, readonly, wants, whole,
    plans: () => plansOf(view.sessions.flatMap((s) => heard(c.history.exchanges, s.letter, c.cursor)).sort((a, b) => a.step - b.step)),
  };
}

/** What the step is about: the inspector follows it until the reader chooses something. */
function subject(c: Controller): Thing | null {
  const view = c.view!;
  const told = c.told();
  for (const { beat, event } of [...told].reverse()) {
    const found = beat.look(view, event, c.story!.found);
    if (found) return found;
  }
  return c.story ? c.scene.opening.look(view, c.story.found) : null;
}

/** The sentence at the cursor. */
export function sentenceState(c: Controller): SentenceState {
  const view = c.view!;
  const told = c.told();
  const free = c.free();
  const upcoming = c.upcoming();
  return {
    text: c.aside ?? c.note() ?? sentence(c), told: c.story ? told.length : null, total: c.scene.beats.length, free, step: view.step, stuck: c.stuck,
    submits: c.stuck ? null : nextOf(c),
    guess: free ? null : guess(c), canBack: view.step > c.opening, busy: c.busy, done: upcoming === null, recovering: c.recovering(),
  };
}

/** What the story types or does next. */
function nextOf(c: Controller): SentenceState['submits'] {
  const act = c.nextAct();
  if (act?.kind === 'type') return { letter: act.letter, sql: act.sql.split('\n')[0]! };
  return act?.kind === 'input' ? { letter: null, sql: act.words } : null;
}

function sentence(c: Controller): string {
  const view = c.view!;
  const last = c.told().at(-1);
  const found = c.story?.found;
  if (!found) return t(c.recovering() && c.cursor.step === c.opening ? 'stored.opened' : 'free.nothing');
  if (c.free()) return c.justNow() ?? t('free.nothing');
  const now = c.byEvent ? c.justNow() : null;
  if (now) return now;
  if (!last) return say(c.scene.opening.say, c.scene.opening.params(found.opening, found));
  const { beat, event } = last;
  const answered = beat.guess && c.guesses.has(beat.id);
  return say(answered ? beat.guess!.told : beat.say, beat.params(view, event, found));
}

function guess(c: Controller): SentenceState['guess'] {
  const beat = c.told().at(-1)?.beat;
  if (!beat?.guess || !c.view || !c.story) return null;
  const { found } = c.story;
  const said = c.guesses.get(beat.id) ?? null;
  const options = beat.guess.choices.map((choice) => { const label = choice.label(c.view!, found); return { key: label, label }; });
  const right = beat.guess.choices.findIndex((choice) => choice.right(c.view!, found));
  return { options, said, truth: said === null ? null : (options[right]?.label ?? '?') };
}

/** How many sessions have a terminal at once. */
const TERMINALS = 3;

/** The sessions that have a terminal: the one asked for and the newest that live; those that are gone while there is room. */
export function terminalsOf(view: LabView, front = ''): SessionView[] {
  const living = view.sessions.filter((s) => s.state !== 'gone');
  const asked = living.filter((s) => s.letter === front);
  const alive = [...asked, ...living.filter((s) => s.letter !== front).slice(asked.length - TERMINALS)];
  const gone = view.sessions.filter((s) => s.state === 'gone').slice(-Math.max(0, 2 - alive.length) || view.sessions.length);
  return view.sessions.filter((s) => alive.includes(s) || gone.includes(s));
}

/** The living sessions for which there is no room. */
export function behind(view: LabView, front: string): SessionView[] {
  const shown = terminalsOf(view, front);
  return view.sessions.filter((s) => s.state !== 'gone' && !shown.includes(s));
}
