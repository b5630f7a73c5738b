/**
 * What a scene is: statements that lead to its opening moment, and beats.
 *
 * A beat is an event that has a sentence. It is found by what happens, never by counting, so a reader who steps
 * another process first, or types something else in between, loses nothing: the sentence comes when its event comes.
 */
import type { MessageKey, Params } from '../base/messages.ts';
import type { Entry } from '../engine/api.ts';
import type { Thing } from '../model/thing.ts';
import type { LabView } from '../views/types.ts';

/** The kinds of events that the engine has. */
export type Kind = Entry['event']['kind'];
/** What an event of this kind says. */
export type EventOf<K extends Kind> = Extract<Entry['event'], { kind: K }>;

/** What a beat's predicate may look at besides the event. */
export interface Found {
  /** The session that a process serves. */
  letter(pid: number): string | null;
  /** The event of an earlier beat, by the beat's id. */
  beat(id: string): Entry | null;
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
  when(entry: Entry, found: Found): boolean;
  say: MessageKey;
  params(view: LabView, entry: Entry, found: Found): Params;
  /** What the inspector shows at this beat. */
  subject(view: LabView, found: Found): Thing | null;
  guess?: Guess;
}

/** A beat as a scene writes it down: about events of one kind. */
export interface BeatOn<K extends Kind> {
  id: string;
  after: readonly string[];
  say: MessageKey;
  submit?: Statement;
  guess?: Guess;
  /** The host on which it happens; any when left out. */
  host?: number;
  /** The session whose process does it; anybody when left out. */
  by?: string;
  when?(event: EventOf<K>, found: Found): boolean;
  params?(view: LabView, event: EventOf<K>, found: Found): Params;
  subject?(view: LabView, found: Found): Thing | null;
}

/** Writes down a beat about events of this kind. */
export function beat<K extends Kind>(kind: K, { host, by, when, params, subject, ...rest }: BeatOn<K>): Beat {
  const mine = (entry: Entry): EventOf<K> | null => (entry.event.kind === kind ? (entry.event as EventOf<K>) : null);
  return {
    ...rest,
    when: (entry, found) => {
      const event = mine(entry);
      if (!event || (host !== undefined && entry.host !== host)) return false;
      if (by !== undefined && (entry.host !== 0 || found.letter(entry.pid) !== by)) return false;
      return when?.(event, found) ?? true;
    },
    params: (view, entry, found) => {
      const event = mine(entry);
      return (event && params?.(view, event, found)) ?? {};
    },
    subject: (view, found) => subject?.(view, found) ?? null,
  };
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
