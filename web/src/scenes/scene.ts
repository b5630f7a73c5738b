/**
 * What a scene is: statements that lead to its opening moment, and beats.
 *
 * A beat is an event that has a sentence. It is found by what happens, never by counting, so a reader who steps
 * another process first, or types something else in between, loses nothing: the sentence comes when its event comes.
 */
import type { MessageKey, Params } from '../base/messages.ts';
import type { Thing } from '../model/thing.ts';
import type { LabView } from '../views/types.ts';

/** An event of the engine with its circumstances; the other fields are the event's own. */
export interface StoryEvent {
  step: number;
  time: number;
  host: number;
  pid: number;
  kind: string;
  [field: string]: unknown;
}

/** What a beat's predicate may look at besides the event. */
export interface Found {
  /** The session that a process serves. */
  letter(pid: number): string | null;
  /** The event of an earlier beat, by the beat's id. */
  beat(id: string): StoryEvent | null;
  /** The moment at which the scene opened. */
  opening: LabView;
}

/** A statement that a scene types. */
export interface Statement { letter: string; sql: string }

/** A question before the truth is shown. */
export interface Guess {
  options(view: LabView): { key: string; label: string }[];
  /** The option that a chosen thing of the picture stands for. */
  pick?(view: LabView, thing: Thing): string | null;
  truth(view: LabView): string;
  /** The sentence once it has been answered. */
  told: MessageKey;
}

/** A beat. */
export interface Beat {
  id: string;
  /** Beats that must have come before. */
  after: readonly string[];
  /** Typed, if it has not been, when this beat is the next one. */
  submit?: Statement;
  when(event: StoryEvent, found: Found): boolean;
  say: MessageKey;
  params?(view: LabView, event: StoryEvent, found: Found): Params;
  /** What the inspector shows at this beat. */
  subject?(view: LabView, event: StoryEvent, found: Found): Thing | null;
  guess?: Guess;
}

/** A step of the way to the opening: a statement, or time for everything to settle. */
export type Setup = (Statement & { hidden?: boolean }) | { settle: true };

/** A scene. */
export interface Scene {
  id: string;
  title: MessageKey;
  /** The relation whose first page is shown. */
  relation: string;
  setup: readonly Setup[];
  say: MessageKey;
  params(view: LabView): Params;
  subject(view: LabView): Thing | null;
  beats: readonly Beat[];
}
