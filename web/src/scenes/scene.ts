/**
 * What a scene is: acts that lead to its opening moment, and beats. It is read from a text (see `parse.ts` and
 * `FORMAT.md`); nothing here knows how that is written.
 *
 * A beat is an event that has a sentence. It is found by what happens, never by counting, so a reader who steps
 * another process first, or types something else in between, loses nothing: the sentence comes when its event comes.
 */
import type { Params } from '../base/messages.ts';
import type { Entry, Input } from '../engine/api.ts';
import type { Thing } from '../model/thing.ts';
import type { LabView } from '../views/types.ts';

/** The kinds of events that the engine has. */
export type Kind = Entry['event']['kind'];
/** What an event of this kind says. */
export type EventOf<K extends Kind> = Extract<Entry['event'], { kind: K }>;

/** What a beat may look at besides its event. */
export interface Found {
  /** The session that a process serves. */
  letter(host: number, pid: number): string | null;
  /** The event of an earlier beat, by the beat's id. */
  beat(id: string): Entry | null;
  /** The moment at which the scene opened. */
  opening: LabView;
  /** The value, or the tag, of the last answer to a session at the cursor. */
  answer(letter: string): string;
}

/** Something that a scene does to its world. */
export type Act =
  /** Types a statement. */
  | { kind: 'type'; letter: string; sql: string }
  /** Another session, on this host. */
  | { kind: 'connect'; host: number }
  /** Cuts the power, freezes, kills, cuts the link ... */
  | { kind: 'input'; words: string; input(view: LabView): Input }
  /** Lets virtual time pass, in microseconds. */
  | { kind: 'pass'; micros: number };

/** A text of a scene: its key in the catalogue, and how it reads in English. */
export interface Text { key: string; english: string }

/** One answer that a question offers. */
export interface Choice {
  label(view: LabView, found: Found): string;
  /** What in the picture stands for it. */
  thing(view: LabView, found: Found): Thing | null;
  right(view: LabView, found: Found): boolean;
}

/** A question before the truth is shown. */
export interface Guess {
  choices: readonly Choice[];
  /** The sentence once it has been answered. */
  told: Text;
}

/** What a real server says too: a query and its rows, asked when everything is at rest after a beat. */
export interface Check { host: number; sql: string; rows: readonly string[]; line: number }

/** A beat. */
export interface Beat {
  id: string;
  /** Beats that must have come before. */
  after: readonly string[];
  /** Done, if they have not been, when this beat is the next one. */
  acts: readonly Act[];
  /** How much virtual time may pass by itself until it comes, in microseconds. */
  patience: number;
  when(entry: Entry, found: Found): boolean;
  say: Text;
  params(view: LabView, entry: Entry, found: Found): Params;
  /** What the inspector shows at this beat. */
  look(view: LabView, entry: Entry, found: Found): Thing | null;
  guess: Guess | null;
  checks: readonly Check[];
}

/** How a scene comes to its opening. */
export interface Opening {
  /** Shown nowhere: what they made is nobody's. */
  hidden: readonly Act[];
  /** Before the reader's eyes. */
  shown: readonly Act[];
  say: Text;
  params(view: LabView, found: Found): Params;
  look(view: LabView, found: Found): Thing | null;
  checks: readonly Check[];
}

/** A scene. */
export interface Scene {
  id: string;
  title: Text;
  about: Text;
  /** The relation whose page is shown, and which page. */
  relation: string;
  block: number;
  /** The panels that the scene is about. */
  panels: readonly string[];
  seed: number | null;
  /** Settings of all servers, over those of the lab. */
  settings: readonly [string, string][];
  opening: Opening;
  beats: readonly Beat[];
  /** Every text of it, for translators. */
  texts: readonly Text[];
}
