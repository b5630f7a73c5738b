/** Reads what the engine's client hands over into the shapes that the page works with. */
import type { Answer, Event, SessionId, Snapshot } from '../engine/api.ts';
import type { StoryEvent } from '../scenes/scene.ts';
import type { LabView } from '../views/types.ts';

/** The view of a moment. */
export function decodeView(snapshot: Snapshot): LabView {
  return snapshot as unknown as LabView;
}

/** Events as the story reads them: circumstances and fields in one flat object. */
export function decodeEvents(entries: readonly Event[]): StoryEvent[] {
  return (entries as unknown as { step: number; at: number; host: number; pid: number; event: { kind: string } }[])
    .map(({ step, at, host, pid, event }) => ({ ...event, step, time: at, host, pid }));
}

/** An answer as a terminal shows it. */
export function decodeAnswer(answer: Answer): { step: number; time: number; text: string; failed: boolean } {
  const time = (answer as Answer & { time?: number }).time ?? 0;
  return { step: answer.step, time, text: answer.text, failed: answer.sqlstate !== undefined };
}

/** The number under which the engine knows a session. */
export function sessionIndex(_view: LabView, letter: string): SessionId {
  return letter.charCodeAt(0) - 'A'.charCodeAt(0);
}
