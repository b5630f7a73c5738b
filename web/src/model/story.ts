/**
 * The story so far: which beats have happened in a history of events, in whatever order they came.
 */
import type { Entry } from '../engine/api.ts';
import type { Beat, Found, Scene } from '../scenes/scene.ts';
import type { LabView } from '../views/types.ts';

/** A beat that has happened. */
export interface Told { beat: Beat; event: Entry }

/** Finds beats in events as they come; feed it events in order. */
export class Story {
  readonly told: Told[] = [];
  readonly found: Found;
  /** The sessions' letters by host and process; more come in the course of it. */
  readonly #letters = new Map<string, string>();

  /** `done` says at which step the last act of a beat was done; nothing if it was not. */
  constructor(readonly scene: Scene, opening: LabView, answer: (letter: string) => string, private readonly done: (beat: Beat) => number | null) {
    this.found = {
      opening, answer,
      letter: (host, pid) => this.#letters.get(`${host} ${pid}`) ?? null,
      beat: (id) => this.told.find((x) => x.beat.id === id)?.event ?? null,
    };
    this.meet(opening);
  }

  /** Learns who is who. */
  meet(view: LabView): void {
    for (const { host, pid, letter } of view.sessions) if (pid) this.#letters.set(`${host} ${pid}`, letter);
  }

  /** Takes one event in; says which beat it was, if any. An event is at most one beat, the first that it fits. */
  take(event: Entry): Beat | null {
    for (const beat of this.scene.beats) {
      if (this.found.beat(beat.id) || !beat.after.every((id) => this.found.beat(id))) continue;
      if (beat.acts.length > 0 && event.step < (this.done(beat) ?? Infinity)) continue;
      if (!beat.when(event, this.found)) continue;
      this.told.push({ beat, event });
      return beat;
    }
    return null;
  }

  /** The same story of these events from the opening on. */
  again(events: readonly Entry[], now: LabView): Story {
    const story = new Story(this.scene, this.found.opening, this.found.answer, this.done);
    story.meet(now);
    for (const event of events) story.take(event);
    return story;
  }
}

/** The steps at which the cursor shows a beat: the step after the event has happened. */
export function cursorOf(event: Entry): number {
  return event.step + 1;
}

/** The beats that have happened when the cursor is at `step`. */
export function toldBy(told: readonly Told[], step: number): Told[] {
  return told.filter((x) => cursorOf(x.event) <= step);
}

/** The first beat of the scene that has not happened by then. */
export function nextBeat(scene: Scene, told: readonly Told[]): Beat | null {
  return scene.beats.find((b) => !told.some((x) => x.beat === b)) ?? null;
}
