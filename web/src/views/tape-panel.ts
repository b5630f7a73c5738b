/** A panel that holds a tape: it knows how much room the tape has. */
import { Panel } from './panel.ts';

/** The base of the WAL and the standby panel. */
export class TapePanel extends Panel {
  static override properties = { ...Panel.properties, room: { state: true } };
  declare room: number;
  #observer = new ResizeObserver(([entry]) => { this.room = Math.floor(entry!.contentRect.width); });

  constructor() {
    super();
    this.room = 0;
  }

  override updated(): void {
    const tape = this.renderRoot.querySelector('.tape');
    if (tape) this.#observer.observe(tape);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }
}
