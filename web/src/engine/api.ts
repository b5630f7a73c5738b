/**
 * What the page may ask of the engine: one typed client, and nothing else passes between the two.
 *
 * The engine runs a small world (a primary, a standby, clients, disks, a link) whose time moves only when it is
 * driven. Everything here is a promise, because the engine usually lives in a worker; see `connect.ts` for the three
 * places where it can live.
 *
 *     page ── EngineClient ──▶ host.ts ──▶ wasm (the world)          one engine, in a worker if it may
 *                                │  └────▶ keyframes.ts              earlier moments of the world
 *                                └───────▶ store worker              the synced halves of the disks, in IndexedDB
 *
 * Three rules follow from the world being a value that can be rewound:
 *
 * - **A view is a function of the cursor.** {@link EngineClient.view} describes the world at the present step; after
 *   each change of the cursor ask again. Nothing in a snapshot is an accumulated state of the page.
 * - **The unit is the step**, which is one `point` of one process. Beats (the steps that have a sentence in a scene)
 *   are the page's: it looks at {@link EngineClient.events} and runs to the step that it wants.
 * - **Going back keeps the future.** `moment.step` is the cursor, `moment.last` the end of what is known on this
 *   branch. Moving inside that range replays; a new input before the end starts a new branch.
 */

import type { Answer } from './generated/Answer';
import type { Entry } from './generated/Entry';
import type { Input } from './generated/Input';
import type { LabView } from './generated/LabView';
import type { NamesView } from './generated/NamesView';
import type { ViewRequest } from './generated/ViewRequest';
import type { WorldSpec } from './generated/WorldSpec';

export type { Answer, Entry, Entry as Event, Input, LabView, NamesView, ViewRequest, WorldSpec };

/** A process of the simulated room, by the process id that PostgreSQL would show. */
export type Pid = number;

/** A session of the lab: its index, as `LabView` lists them (0 is A, 1 is B). */
export type SessionId = number;

/** A line of history. 0 is the first; a new input in the past makes the next one. */
export type BranchId = number;

/** Where the engine lives; the handshake tries them in this order. */
export type Place = 'worker' | 'blob' | 'page';

/** How a world begins. */
export interface OpenOptions {
  /** Seed, servers, settings; the lab's own where left out. */
  spec?: Partial<WorldSpec>;
  /** How many sessions to connect to the primary; two when left out. */
  sessions?: number;
  /**
   * The name of the store in IndexedDB that keeps the synced halves of the disks. Left out, the world lives in memory
   * alone (the opening scene, an embed).
   */
  store?: string;
  /** What to do if that store already holds a world: recover it (as after a power failure) or replace it. */
  stored?: 'continue' | 'replace';
  /**
   * How it recovers: to its end, with its sessions connected, before the world is handed out; or step by step. Then
   * power has just come back to its primary and nothing has run; whoever drives it switches the standby on and
   * connects sessions. To its end when left out.
   */
  recovery?: 'run' | 'step';
  /** Try only these places, in this order (for tests). */
  places?: readonly Place[];
}

/** Where the cursor stands, and why the last drive ended there. */
export interface Moment {
  /** Steps made since the world began: the cursor. */
  readonly step: number;
  /** The last known step of this branch; greater than `step` after going back. */
  readonly last: number;
  /** Whether all that was done on this branch lies behind the cursor: what is done now continues it. */
  readonly atEnd: boolean;
  /** Virtual time in microseconds since the world began. */
  readonly time: number;
  /** The hash of the coarse events, 16 hexadecimal digits: equal histories have equal hashes. */
  readonly hash: string;
  /** The line of history that the cursor is on. */
  readonly branch: BranchId;
  /** Why the drive that led here stopped. */
  readonly stopped: Stopped;
}

/** Why a drive stopped. */
export type Stopped =
  /** The condition that was asked for holds. */
  | 'reached'
  /** The limit of steps for one call was hit; ask again to go on. */
  | 'limit'
  /** Nothing can run before a timer or an input: everyone waits (the snapshot says who for what). */
  | 'idle'
  /** Nothing is runnable, and no timer will change that. */
  | 'deadlock';

/** How far {@link EngineClient.run} goes. */
export type Until =
  /** To the next answer to this session: the end of its statement. */
  | { answer: SessionId }
  /** To this step. */
  | { step: number }
  /** To this instant of virtual time, in microseconds. */
  | { time: number }
  /** Until nothing runs without time passing. */
  | 'idle';

/** Something that was done to the world at a moment: an input, or a process that was chosen to step. */
export type Deed = { readonly step: number; readonly time: number } & (
  | { readonly kind: 'input'; readonly input: Input }
  | { readonly kind: 'choice'; readonly pid: Pid }
);

/** A line of history, for the timeline. */
export interface Branch {
  readonly id: BranchId;
  /** The branch that it left, and at which step; absent for the first. */
  readonly from?: { readonly branch: BranchId; readonly step: number };
  readonly last: number;
  /** Whether this is the line that the store holds. */
  readonly saved: boolean;
}

/** What is kept, and where. */
export type StoreStatus =
  /** No store was asked for. */
  | { readonly kind: 'memory' }
  /** All that was synced up to `batch` is durable. */
  | { readonly kind: 'saved'; readonly name: string; readonly batch: number }
  /** The cursor is on a branch, or in the past: the stored head is unchanged by what is done here. */
  | { readonly kind: 'branch'; readonly name: string }
  /** The store cannot be used; the lab goes on in memory and what is stored is kept. */
  | { readonly kind: 'failed'; readonly name: string; readonly why: StoreFailure; readonly message: string };

/** Why a store cannot be used. */
export type StoreFailure =
  /** The browser gives this page no IndexedDB (private window, sandbox, blocked by the user). */
  | 'refused'
  /** The origin's quota is used up. */
  | 'full'
  /** Written by a version of this lab that this one cannot read. */
  | 'version'
  /** A checksum does not match, or a batch is missing. */
  | 'damaged'
  /** Another tab of this origin owns it. */
  | 'held';

/** What the client tells without being asked. */
export interface EngineEvents {
  /** The cursor moved (also while live, at most once a frame). */
  moment: Moment;
  /** An answer was released. */
  answer: Answer;
  /** What is kept changed. */
  store: StoreStatus;
  /** The engine panicked: a defect. This world is over, the page goes on. */
  broken: { readonly message: string };
}

/** One open world. */
export interface EngineClient {
  /** Where the engine turned out to live. */
  readonly place: Place;

  /** The present moment. */
  moment(): Promise<Moment>;
  /** The world at the cursor; what the request leaves out is the first page of `accounts` and the newest WAL. */
  view(request?: Partial<ViewRequest>): Promise<LabView>;
  /**
   * What happened while the cursor went from step `from` to step `to` of this branch, the known future included. An
   * event that lies in the step from 811 to 812 carries `step: 811`.
   */
  events(from: number, to: number): Promise<Entry[]>;
  /** What was done on this line from step `from` up to the cursor, in order: with the spec, it makes this moment. */
  deeds(from: number): Promise<Deed[]>;
  /** What can be named in SQL on a host: for completion. Asking is no part of the world's history. */
  names(host: number): Promise<NamesView>;

  /**
   * Types a statement (or several, or psql's own `\d`) into a session. The world must then be driven; the promise is
   * kept when the answer is released, and rejected with an `Overtaken` error when a rewind makes it never to have
   * been asked.
   */
  submit(session: SessionId, text: string): Promise<Answer>;
  /** Ctrl+C in a session: cancels also a wait. */
  cancel(session: SessionId): Promise<Moment>;
  /** Any other input to the world: freeze or kill a process, cut the link, pull the plug, promote ... */
  input(input: Input): Promise<Moment>;

  /** Makes one step: of this process, or of whichever the scheduler chooses. */
  step(pid?: Pid): Promise<Moment>;
  /** Runs to a condition; stops early, and says so, if it can never hold. */
  run(until: Until): Promise<Moment>;
  /** Puts the cursor on a step of this branch: earlier ones from keyframes, later ones by replay. */
  seek(step: number): Promise<Moment>;
  /** Lets virtual time follow the wall clock times `speed`; 0 stops. */
  live(speed: number): Promise<Moment>;

  /** All lines of history. */
  branches(): Promise<Branch[]>;
  /** Puts the cursor on the last step of another line. */
  follow(branch: BranchId): Promise<Moment>;

  /** What is kept at present. */
  stored(): Promise<StoreStatus>;
  /** Makes the world at the cursor the stored one, under this name. */
  saveAs(name: string): Promise<StoreStatus>;
  /** The bytes of a store as a file, also of one that cannot be opened. */
  download(name: string): Promise<Blob>;

  /** Listens; the function returned stops it. */
  on<K extends keyof EngineEvents>(kind: K, listener: (event: EngineEvents[K]) => void): () => void;

  /** Ends the world and frees what it holds. The store keeps what was confirmed. */
  close(): Promise<void>;
}

/** Opens a world; rejects only if WebAssembly itself cannot be had. */
export type OpenEngine = (options?: OpenOptions) => Promise<EngineClient>;
