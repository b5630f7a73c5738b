/** Reads what the engine's client hands over into the shapes that the page works with. */
import type { Answer, SessionId } from '../engine/api.ts';
import type { Answered } from '../model/psql.ts';
import type { LabView } from '../views/types.ts';

/** An answer as a terminal shows it. */
export function decodeAnswer({ step, time, text, sqlstate }: Answer): Answered {
  return { step, time, text, failed: sqlstate !== undefined };
}

/** The number under which the engine knows a session. */
export function sessionIndex(view: LabView, letter: string): SessionId {
  return view.sessions.findIndex((s) => s.letter === letter);
}
